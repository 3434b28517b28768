import { generateKeyPairSync } from 'node:crypto'
import type { MetadataOptions } from './desk.ts'

/** Whether a text has the form of a signed claim; nobody checks the signature. */
export function isJwt(assertion: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(assertion)
}

/** An identity token for an audience. */
export function idToken(audience: string, email: string): string {
  const claims = { aud: audience, email, iss: 'https://accounts.google.com', exp: 4_102_444_800 }
  return `${jwtPart({ alg: 'RS256', typ: 'JWT' })}.${jwtPart(claims)}.emulated`
}

function jwtPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** A service-account file with a key of its own. */
export function serviceAccount(url: string, options: MetadataOptions): Record<string, string> {
  const { project = 'emulator', universe = 'googleapis.com' } = options
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    type: 'service_account',
    project_id: project,
    private_key_id: 'emulated',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: options.email ?? `emulator@${project}.iam.gserviceaccount.com`,
    client_id: '123456789012345678901',
    token_uri: `${url}/token`,
    universe_domain: universe,
  }
}

import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Canaries } from './canaries.ts'

/**
 * The text of a credential file, whose secrets are canaries. Tokens for the first two kinds are asked
 * for at `url`, those for the others always at Google's own address.
 */
export function credentialOf(
  what: string,
  canaries: Canaries,
  url: string,
  folder: string,
): string {
  const subject = join(folder, 'subject')
  writeFileSync(subject, canaries.make('a subject token'))
  const person = {
    client_id: 'client',
    client_secret: canaries.make('a client secret'),
    refresh_token: canaries.make('a refresh token', '1//'),
  }
  const kinds: Record<string, object> = {
    'workload identity': {
      type: 'external_account',
      audience:
        '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${url}/token`,
      credential_source: { file: subject },
    },
    'a person of a workforce': {
      ...person,
      type: 'external_account_authorized_user',
      token_url: `${url}/token`,
    },
    'a service account': serviceAccount(canaries),
    'a person': { ...person, type: 'authorized_user' },
  }
  return JSON.stringify(kinds[what], null, 2)
}

/** Texts of files that hold secrets, and cannot be used. */
export function brokenCredentials(canaries: Canaries): { what: string; text: string }[] {
  const account = serviceAccount(canaries)
  const written = JSON.stringify(account)
  return [
    {
      what: 'a service account whose key is cut',
      text: JSON.stringify({ ...account, private_key: account.private_key.slice(0, 400) }),
    },
    { what: 'a file that is cut in the key', text: written.slice(0, 500) },
    { what: 'a file that is the key alone', text: account.private_key },
    { what: 'a file with a comma too many', text: `${written.slice(0, -1)},}` },
  ]
}

/** With a real key, which nobody knows. */
export function serviceAccount(canaries: Canaries) {
  const { privateKey: key } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  // Its first lines say that it is an RSA key, as everybody's do.
  for (const line of key.split('\n').slice(2, -3)) canaries.add('a private key', line)
  return {
    type: 'service_account',
    project_id: 'p',
    private_key_id: canaries.make('the id of a private key'),
    private_key: key,
    client_email: 'pollux@p.iam.gserviceaccount.com',
    client_id: '1',
    token_uri: 'https://oauth2.googleapis.com/token',
  }
}

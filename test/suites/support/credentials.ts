import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Canaries } from './canaries.ts'

/** A way to be somebody at Google, as the text of the file that GOOGLE_APPLICATION_CREDENTIALS names. */
export interface Credential {
  what: string
  text: string
}

/**
 * Every kind of credential file, whose secrets are canaries: some that are asked for at `url`, some
 * that are always asked for at Google's own address, and some that are broken.
 */
export function credentialsOf(canaries: Canaries, url: string, folder: string): Credential[] {
  const account = serviceAccount(canaries)
  const subject = join(folder, 'subject')
  writeFileSync(subject, canaries.make('a subject token'))
  const workload = {
    type: 'external_account',
    audience:
      '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${url}/token`,
    credential_source: { file: subject },
  }
  const person = {
    client_id: 'client',
    client_secret: canaries.make('a client secret'),
    refresh_token: canaries.make('a refresh token', '1//'),
  }
  const written = JSON.stringify(account)
  return [
    { what: 'workload identity', text: JSON.stringify(workload) },
    {
      what: 'a person of a workforce',
      text: JSON.stringify({
        ...person,
        type: 'external_account_authorized_user',
        token_url: `${url}/token`,
      }),
    },
    { what: 'a service account', text: JSON.stringify(account, null, 2) },
    { what: 'a person', text: JSON.stringify({ ...person, type: 'authorized_user' }) },
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

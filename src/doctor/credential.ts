import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { isObject, tryParseJson } from '../translate/json.ts'
import { fetchGoogleToken } from '../upstream/credentials.ts'
import type { IssuedToken } from '../upstream/token.ts'
import { type Finding, good, mend, mind } from './finding.ts'

/** Google's credential, if one can be had, and what is to be said of it. */
export interface Credential {
  token: IssuedToken | undefined
  findings: Finding[]
}

/** Where Application Default Credentials come from, and whether they give a token. No secret is told. */
export async function checkCredential(
  env: Environment,
  project: string | undefined,
): Promise<Credential> {
  const source = toSource(env)
  if ('mistake' in source) return { token: undefined, findings: [source.mistake] }
  try {
    const token = await quietly(() => inTime(fetchGoogleToken(project)))
    const findings = [good('credential', `${source.says} gives a token.`), ...toWarnings(source)]
    return { token, findings }
  } catch (error) {
    return { token: undefined, findings: [toFinding(error, source)] }
  }
}

interface Source {
  kind: 'file' | 'gcloud' | 'metadata'
  says: string
  /** The `type` in its file. */
  type?: string
}

function toSource(env: Environment): Source | { mistake: Finding } {
  const path = env.GOOGLE_APPLICATION_CREDENTIALS
  if (path !== undefined && path !== '') return readFile(path)
  const folder = env.CLOUDSDK_CONFIG ?? join(env.HOME ?? homedir(), '.config', 'gcloud')
  const own = join(folder, 'application_default_credentials.json')
  if (existsSync(own))
    return { kind: 'gcloud', says: 'Your own login with gcloud', type: 'authorized_user' }
  return { kind: 'metadata', says: 'The metadata server' }
}

function readFile(path: string): Source | { mistake: Finding } {
  if (path.trimStart().startsWith('{')) {
    const todo = 'Write the JSON into a file, and give its path.'
    return {
      mistake: mend(
        'credential',
        'GOOGLE_APPLICATION_CREDENTIALS holds the credential itself.',
        todo,
      ),
    }
  }
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    const todo =
      'Give the path of one, as this process sees it (in a container: where it is mounted).'
    return {
      mistake: mend(
        'credential',
        'GOOGLE_APPLICATION_CREDENTIALS names no file that can be read.',
        todo,
      ),
    }
  }
  const parsed = tryParseJson(text)
  const type = isObject(parsed) ? parsed.type : undefined
  if (typeof type === 'string' && knownTypes.includes(type)) {
    return { kind: 'file', says: `The file in GOOGLE_APPLICATION_CREDENTIALS (${type})`, type }
  }
  const todo =
    'Download the key of a service account anew, or take the file away and log in with gcloud.'
  return {
    mistake: mend(
      'credential',
      'The file in GOOGLE_APPLICATION_CREDENTIALS holds no credential of Google’s.',
      todo,
    ),
  }
}

const knownTypes = [
  'service_account',
  'authorized_user',
  'external_account',
  'external_account_authorized_user',
  'impersonated_service_account',
]

function toWarnings({ kind, type }: Source): Finding[] {
  if (type === 'service_account') {
    const todo =
      'On Google Cloud leave the variable out and give the service a service account; elsewhere prefer workload identity federation.'
    return [
      mind('credential', 'A key file of a service account never ends and can be copied.', todo),
    ]
  }
  if (kind !== 'gcloud' && type !== 'authorized_user') return []
  const todo = 'In production use a service account of its own.'
  return [
    mind('credential', 'It is a person’s login: it ends, and bills what that person may.', todo),
  ]
}

/** The library's own words may quote what it read, so only their kind is told. */
function toFinding(error: unknown, { kind, says }: Source): Finding {
  const words = error instanceof Error ? error.message : ''
  if (/invalid_grant|reauth|invalid_rapt|has been (expired or )?revoked/i.test(words)) {
    const todo =
      kind === 'gcloud'
        ? 'Log in again: gcloud auth application-default login.'
        : 'Is the clock right, and the key still there? Make a new key if it was deleted.'
    return mend(
      'credential',
      `${says} was refused (invalid_grant): it has ended, was revoked, or the clock is wrong.`,
      todo,
    )
  }
  if (/invalid_client|account not found|does not exist/i.test(words)) {
    return mend(
      'credential',
      `${says} names an account that does not exist any more.`,
      'Make a new one, or undelete the service account.',
    )
  }
  if (kind === 'metadata') {
    const todo =
      'Elsewhere than on Google Cloud: gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS. On Google Cloud: give the service a service account.'
    return mend(
      'credential',
      'There is no Google credential: no file, no login with gcloud, and no metadata server that gives a token.',
      todo,
    )
  }
  return mend(
    'credential',
    `${says} gives no token.`,
    'Check that the file is whole and that this machine reaches oauth2.googleapis.com.',
  )
}

/** The library itself may wait for a minute. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('It took more than 10 s.')), 10_000)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** What the library warns of where there is no metadata server is told by a finding, in better words. */
async function quietly<T>(fetch: () => Promise<T>): Promise<T> {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = (...given: unknown[]) => {
    if (given[1] !== 'MetadataLookupWarning') Reflect.apply(emitWarning, undefined, given)
  }
  try {
    return await fetch()
  } finally {
    process.emitWarning = emitWarning
  }
}

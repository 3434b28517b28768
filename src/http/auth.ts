import type { FastifyRequest } from 'fastify'
import { brief, unauthorized, unknownModel } from '../errors.ts'
import { digestOf, type KeyConfig, mayAsk } from '../key.ts'

/** Who asks, as far as the gateway needs to know. */
export interface Client {
  /** The key of ours that the client showed; undefined where none is asked for. */
  key: KeyConfig | undefined
  /** The client's own Google credential, where it is passed through. */
  credential: string | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; on routes where it is asked for. */
    client: Client | undefined
  }
}

/** Reads who asks from a request. Throws 401. */
export type Authenticate = (request: FastifyRequest) => Client

/** Everybody may; what they send as a key is not looked at. */
export function anyone(): Authenticate {
  return () => ({ key: undefined, credential: undefined })
}

/**
 * Only clients with one of these keys, until it expires. They are looked up by their digests: how long
 * that takes tells of the digest at the most, which nobody can choose, and nothing of a key.
 */
export function withKeys(keys: readonly KeyConfig[]): Authenticate {
  const known = new Map(keys.map((key) => [key.sha256, key]))
  return (request) => {
    const shown: KeyConfig[] = []
    for (const given of readKeys(request)) {
      const key = known.get(digestOf(given))
      if (key !== undefined) shown.push(key)
    }
    const key = shown.find(isValid)
    if (key !== undefined) return { key, credential: undefined }
    throw unauthorized(
      shown.length > 0
        ? 'This API key has expired. Ask the operator of this gateway for a new one.'
        : 'Incorrect API key provided. Send a key of this gateway as `Authorization: Bearer <key>`.',
    )
  }
}

function isValid({ expires }: KeyConfig): boolean {
  return expires === undefined || Date.now() < expires
}

/** Throws 404 where the client's key may not ask for a model of these names. */
export function checkAccess(client: Client | undefined, names: readonly string[]): void {
  if (client?.key === undefined || mayAsk(client.key, names)) return
  throw unknownModel(
    `The model '${brief(names[0])}' does not exist here or you do not have access to it. See GET /v1/models.`,
  )
}

/** The client's own Google token or API key goes upstream, as with Google's own endpoint. */
export function passingThrough(): Authenticate {
  return (request) => {
    const credential = readKeys(request).find((key) => /^[\x21-\x7e]{8,8192}$/.test(key))
    if (credential !== undefined) return { key: undefined, credential }
    throw unauthorized(
      'Send your Google access token or Gemini API key as `Authorization: Bearer <token>`.',
    )
  }
}

/**
 * Keys are where OpenAI's SDKs put them, or where Azure's and Google's habits do. Some clients fill
 * two of these places, one of them for a proxy on the way.
 */
function readKeys({ headers }: FastifyRequest): string[] {
  const { authorization } = headers
  const bearer = authorization && /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  const keys: string[] = []
  for (const given of [
    headers['x-api-key'],
    headers['api-key'],
    headers['x-goog-api-key'],
    bearer,
  ]) {
    if (typeof given === 'string' && given !== '') keys.push(given)
  }
  return keys
}

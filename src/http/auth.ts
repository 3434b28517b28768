import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { unauthorized } from '../errors.ts'

/** Who asks, as far as the gateway needs to know. */
export interface Client {
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
  return () => ({ credential: undefined })
}

/**
 * Only clients with one of these keys. They are looked up by their digests: how long that takes tells
 * of the digest at the most, which nobody can choose, and nothing of a key.
 */
export function withKeys(keys: readonly string[]): Authenticate {
  const known = new Set(keys.map(digest))
  return (request) => {
    if (!readKeys(request).some((key) => known.has(digest(key)))) {
      throw unauthorized(
        'Incorrect API key provided. Send a key of this gateway as `Authorization: Bearer <key>`.',
      )
    }
    return { credential: undefined }
  }
}

/** The client's own Google token or API key goes upstream, as with Google's own endpoint. */
export function passingThrough(): Authenticate {
  return (request) => {
    const credential = readKeys(request).find((key) => /^[\x21-\x7e]{8,8192}$/.test(key))
    if (credential !== undefined) return { credential }
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

function digest(key: string): string {
  return hash('sha256', key, 'base64')
}

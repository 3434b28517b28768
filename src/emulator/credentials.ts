import type { IncomingHttpHeaders } from 'node:http'
import { GoogleError, standardError } from './errors.ts'
import type { Backend } from './models.ts'

/** Refuses who brings no credential, or one of those that never work: `invalid` and `expired`. */
export function checkCredentials(headers: IncomingHttpHeaders, url: URL, backend: Backend): void {
  const { key, token } = credentialsIn(headers, url)
  if (token === 'expired') throw expired(backend)
  if (key === 'invalid') throw invalidKey(backend)
  if (key === undefined && token === undefined) throw missing[backend]()
}

/** The refusal of a token whose time is over. */
export function expired(backend: Backend): GoogleError {
  return withReason(standardError(401), 'ACCESS_TOKEN_EXPIRED', backend)
}

/** What a request identifies itself by. */
export function credentialIn(headers: IncomingHttpHeaders, url: URL): string {
  const { key, token } = credentialsIn(headers, url)
  return token ?? String(key)
}

function credentialsIn(headers: IncomingHttpHeaders, url: URL) {
  return {
    key: headers['x-goog-api-key'] ?? url.searchParams.get('key') ?? undefined,
    token: /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1],
  }
}

const services = {
  'gemini-api': 'generativelanguage.googleapis.com',
  vertex: 'aiplatform.googleapis.com',
}

const missing = {
  'gemini-api': () =>
    new GoogleError(
      403,
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
    ),
  vertex: () =>
    withReason(
      new GoogleError(
        401,
        'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
      ),
      'CREDENTIALS_MISSING',
      'vertex',
    ),
}

// A bad key is a bad argument: 400, not 401.
function invalidKey(backend: Backend): GoogleError {
  const message = 'API key not valid. Please pass a valid API key.'
  const { details = [] } = withReason(new GoogleError(400, message), 'API_KEY_INVALID', backend)
  const localized = 'type.googleapis.com/google.rpc.LocalizedMessage'
  return new GoogleError(400, message, [
    ...details,
    { '@type': localized, locale: 'en-US', message },
  ])
}

function withReason({ code, message }: GoogleError, reason: string, backend: Backend): GoogleError {
  return new GoogleError(code, message, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason,
      domain: 'googleapis.com',
      metadata: { service: services[backend] },
    },
  ])
}

import { ApiError } from '../errors.ts'

export interface AccessToken {
  token: string
  /** Whom the calls are billed to, for the credentials of a person. */
  quotaProject: string | undefined
}

export interface TokenSource {
  /** Throws 503 where no credential can be had. */
  get(): Promise<AccessToken>
  /** This token was refused: the next `get` gives another. */
  forget(token: string): void
}

/** How long before its end a token is not used any more. */
const marginMs = 60_000

/**
 * Access tokens from Application Default Credentials: a service account's file, the metadata server,
 * workload identity, or a person's own. One is kept until shortly before it ends, and however many
 * requests wait, one flight fetches the next.
 */
export function googleTokens(
  project: string | undefined,
  now: () => number = Date.now,
): TokenSource {
  let kept: (AccessToken & { endsAt: number }) | undefined
  let flight: Promise<AccessToken & { endsAt: number }> | undefined
  return {
    async get() {
      if (kept !== undefined && kept.endsAt - marginMs > now()) return kept
      flight ??= fetchToken(project, now)
        .then((token) => (kept = token))
        .finally(() => (flight = undefined))
      return flight
    },
    forget(token) {
      // Of many requests that are refused together, only the first finds it still here.
      if (kept?.token === token) kept = undefined
    },
  }
}

/** A token that is given once and for all, e.g. for the built-in emulator. */
export function fixedToken(token: string): TokenSource {
  return { get: async () => ({ token, quotaProject: undefined }), forget: () => undefined }
}

async function fetchToken(
  project: string | undefined,
  now: () => number,
): Promise<AccessToken & { endsAt: number }> {
  try {
    // Loaded with the first credential: who uses an API key never needs it.
    const { GoogleAuth } = await import('google-auth-library')
    const scopes = 'https://www.googleapis.com/auth/cloud-platform'
    // Where it is not told the project, the library asks another of Google's services for it.
    const auth = new GoogleAuth({ scopes, ...(project !== undefined && { projectId: project }) })
    const client = await auth.getClient()
    const { token } = await client.getAccessToken()
    if (!token) throw new Error('The credential gave an empty token.')
    const endsAt = client.credentials.expiry_date ?? now() + 5 * marginMs
    return { token, endsAt, quotaProject: client.quotaProjectId }
  } catch (cause) {
    const message = 'The gateway has no Google credential at the moment. Try again shortly.'
    throw new ApiError(503, 'service_unavailable_error', message, {
      code: 'credentials_unavailable',
      headers: { 'retry-after': '2' },
      cause,
    })
  }
}

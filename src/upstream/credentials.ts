import type { IssuedToken } from './token.ts'

/** Where a credential does not say how long its token is valid. */
const assumedMs = 300_000

/**
 * An access token from Application Default Credentials: a service account's file, the metadata server,
 * workload identity, or a person's own. Reads them anew each time, so that changed files are seen.
 */
export async function fetchGoogleToken(project: string | undefined): Promise<IssuedToken> {
  // Loaded with the first credential: who uses an API key never needs it.
  const { gcpMetadata, GoogleAuth } = await import('google-auth-library')
  const scopes = 'https://www.googleapis.com/auth/cloud-platform'
  // Where it is not told the project, the library asks another of Google's services for it.
  const auth = new GoogleAuth({ scopes, ...(project !== undefined && { projectId: project }) })
  try {
    const client = await auth.getClient()
    const { token } = await client.getAccessToken()
    if (!token) throw new Error('The credential gave an empty token.')
    const endsAt = client.credentials.expiry_date ?? Date.now() + assumedMs
    return { token, endsAt, quotaProject: client.quotaProjectId }
  } catch (error) {
    // The library would remember for ever that the metadata server was not there once.
    gcpMetadata.resetIsAvailableCache()
    throw error
  }
}

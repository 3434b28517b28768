import { unauthorized } from '../errors.ts'
import type { Provider } from '../translate/gemini.ts'
import type { Target } from './record.ts'
import type { Owner } from '../translate/status.ts'
import type { AccessToken, TokenSource } from './token.ts'

/** A way into Google: where a model is, and as whom it is asked. */
export interface Gate {
  provider: Provider
  /** The same in OpenTelemetry's words. */
  name: Target['provider']
  /** `projects/…/locations/…` on Vertex AI, where its resources are. */
  parent?: string
  /** What serves the same models, nearest first: locations, or keys. */
  places: readonly string[]
  /** `place` counts the places. */
  url(model: string, method: string, place?: number): string
  /** `credential` is the client's own, where it passes through. */
  headers(
    credential: string | undefined,
    place?: number,
  ): Record<string, string> | Promise<Record<string, string>>
  owner(credential: string | undefined): Owner
  /** The credential in these headers was refused: get another. False where there is no other. */
  renew(refused: Record<string, string>): boolean
}

export interface DeveloperSettings {
  /** One stands in for another. Without any the client's own key must pass through. */
  apiKeys: readonly string[]
  baseUrl: string
}

/** The Gemini Developer API. Source: ai.google.dev/api/generate-content. */
export function developerGate({ apiKeys, baseUrl }: DeveloperSettings): Gate {
  return {
    provider: 'gemini',
    name: 'gcp.gemini',
    places: apiKeys.length > 1 ? apiKeys.map((_, index) => `key ${index + 1}`) : [''],
    url: (model, method) => `${baseUrl}/v1beta/models/${encodeURIComponent(model)}:${method}`,
    headers(credential, place = 0): Record<string, string> {
      if (credential === undefined) return { 'x-goog-api-key': apiKeys[place] ?? '' }
      // The key goes into a header, never into the URL: URLs end up in logs.
      if (isApiKey(credential)) return { 'x-goog-api-key': credential }
      return { authorization: `Bearer ${credential}` }
    },
    owner: (credential) => (credential === undefined ? 'gateway' : 'client'),
    renew: () => false,
  }
}

export interface VertexSettings {
  project: string
  location: string
  /** Asked where the first location fails. */
  otherLocations?: readonly string[]
  baseUrl: string | undefined
  apiVersion: string
}

/** Vertex AI. Source: the location table of googleapis/js-genai. */
export function vertexGate(settings: VertexSettings, tokens: TokenSource): Gate {
  const { project, location, otherLocations = [], apiVersion, baseUrl } = settings
  const places = [location, ...otherLocations]
  return {
    provider: 'vertex',
    name: 'gcp.vertex_ai',
    parent: `projects/${project}/locations/${location}`,
    places,
    url(model, method, place = 0) {
      const there = places[place] ?? location
      const base = vertexBase(there, baseUrl)
      const path = `${apiVersion}/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(there)}`
      return `${base}/${path}/publishers/google/models/${encodeURIComponent(model)}:${method}`
    },
    headers: (credential) => vertexHeaders(credential, tokens),
    owner: (credential) => (credential === undefined ? 'gateway' : 'client'),
    renew(refused) {
      tokens.forget(toToken(refused))
      return true
    },
  }
}

/** An access token as a header. Throws 401 for an API key, which Vertex AI does not take here. */
function toBearer(token: string): Record<string, string> {
  if (isApiKey(token)) {
    throw unauthorized(
      'Vertex AI takes a Google access token, not an API key. Send one as `Authorization: Bearer <token>`.',
    )
  }
  return { authorization: `Bearer ${token}` }
}

/**
 * The client's own token, or ours and whom it bills: at once where there is one. Never ours where the
 * client has to bring one.
 */
export function vertexHeaders(
  credential: string | undefined,
  tokens: TokenSource,
): Record<string, string> | Promise<Record<string, string>> {
  if (credential !== undefined) return toBearer(credential)
  const token = tokens.get()
  return token instanceof Promise ? token.then(toOwnHeaders) : toOwnHeaders(token)
}

function toOwnHeaders({ token, quotaProject }: AccessToken): Record<string, string> {
  return {
    ...toBearer(token),
    ...(quotaProject !== undefined && { 'x-goog-user-project': quotaProject }),
  }
}

/** The token in an authorization header. */
export function toToken({ authorization = '' }: Record<string, string>): string {
  return authorization.slice('Bearer '.length)
}

/** Where an endpoint of one's own on Vertex AI takes chat completions. */
export function endpointUrl(...at: Parameters<typeof endpointResource>): string {
  return `${endpointResource(...at)}/chat/completions`
}

/** Where such an endpoint is. */
export function endpointResource(
  { project, location, endpoint }: { project: string; location: string; endpoint: string },
  /** Its dedicated DNS name, where it has one: it then refuses calls on the shared host. */
  host: string | undefined,
  baseUrl: string | undefined,
): string {
  const base = host === undefined ? vertexBase(location, baseUrl) : `https://${host}`
  const place = [project, location, endpoint].map(encodeURIComponent)
  return `${base}/v1/projects/${place[0]}/locations/${place[1]}/endpoints/${place[2]}`
}

/** Where a location is: Google's host for it, or the operator's. */
export function vertexBase(location: string, baseUrl: string | undefined): string {
  return baseUrl?.replaceAll('{location}', location) ?? `https://${vertexHost(location)}`
}

/** The host of a location: one for the world, one each for the US and the EU, else the region's. */
export function vertexHost(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com'
  if (location === 'us' || location === 'eu') return `aiplatform.${location}.rep.googleapis.com`
  return `${location}-aiplatform.googleapis.com`
}

/** API keys have known beginnings; anything else that a client passes is an access token. */
export function isApiKey(credential: string): boolean {
  return /^(AIza|AQ\.)/.test(credential)
}

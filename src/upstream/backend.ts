import { ApiError, brief, unknownModel, unknownUrl } from '../errors.ts'
import { isGoogleModel } from '../translate/abilities.ts'
import type { Head } from '../translate/chat/stream.ts'
import type { Provider } from '../translate/gemini.ts'
import type { CallRecord } from './record.ts'
import type { Source } from './source.ts'

/** What a backend is told of a call beside its body. */
export interface Call {
  head: Head
  /** The model's bare id, e.g. `gemini-2.5-flash`. */
  model: string
  /** Aborts when the client leaves. */
  signal: AbortSignal
  /** The client's own Google credential, where the gateway passes it through. */
  credential: string | undefined
  /** Until when it has to be answered, on the clock of `performance.now()`; undefined for ever. */
  deadline: number | undefined
  /** Where all that becomes known of it is written down. */
  record: CallRecord
}

/** An answer, with headers that tell the client how it came about. */
export interface Answer<T> {
  content: T
  headers: Record<string, string>
}

/** Chunks, each as JSON, in batches: all that one read of the upstream gave. */
export type Batches = Source<string[]>

/** Whoever can answer a chat request in OpenAI's words. */
export interface Backend {
  /** The whole answer. Throws ApiError. */
  complete(body: unknown, call: Call): Promise<Answer<object>>
  /** Resolves with the first batch in hand, so that a refusal still gets its status. */
  stream(body: unknown, call: Call): Promise<Answer<Batches>>
}

/** A backend, and the bare id of the model it is to ask. */
export interface Route {
  backend: Backend
  model: string
  /** What the model is called, for lists of who may ask for it. */
  names: readonly string[]
  /** What the operator wrote that means it, where that is not its name: a pattern. */
  written?: string
  /** Which of Google's APIs it is; absent for models that speak OpenAI's words themselves. */
  provider?: Provider
}

export interface Backends {
  /**
   * Who serves the model of this name. `door` is the provider whose own path the request came by,
   * for names that do not say. Throws 404 for a model that nobody here serves.
   */
  serving(name: string, door?: Provider): Route
  /** The configured endpoint with this id on Vertex AI. Throws 404 for any other. */
  endpoint(place: Place): Route & { name: string }
  /** Names of configured endpoints, for the list of models. */
  names: readonly string[]
}

/** Where something is on Vertex AI. */
export interface Place {
  project: string
  location: string
  endpoint: string
}

/** A model behind an address of its own. */
export interface NamedEndpoint {
  name: string
  /** Where it is on Vertex AI, if it is there. */
  place: Place | undefined
  backend: Backend
}

export interface BackendSettings {
  vertex:
    | { backend: Backend; partners: (model: string) => Backend; project: string; location: string }
    | undefined
  gemini: { backend: Backend } | undefined
  endpoints: readonly NamedEndpoint[]
  /** Who is asked where the name leaves it open. */
  preferred: Provider
}

/** Google's backends, the partners' behind Vertex AI, and endpoints of one's own. */
export function createBackends(settings: BackendSettings): Backends {
  const { vertex, gemini, endpoints, preferred } = settings
  const google = { vertex, gemini }
  const named = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]))
  return {
    names: [...named.keys()],
    serving(name, door) {
      const endpoint = named.get(name)
      if (endpoint !== undefined) return { backend: endpoint.backend, model: name, names: [name] }
      if (vertex !== undefined && isPartnerModel(name)) {
        return { backend: vertex.partners(name), model: name, names: [name] }
      }
      return servingGoogle(name, door)
    },
    endpoint({ project, location, endpoint }) {
      const found = endpoints.find(
        ({ place }) =>
          place?.endpoint === endpoint && place.project === project && place.location === location,
      )
      if (found === undefined) {
        throw unknownUrl(
          `This gateway has no endpoint '${endpoint}' in project '${project}' and location '${location}'. Configure it in POLLUX_ENDPOINTS.`,
        )
      }
      const { backend, name } = found
      return { backend, model: name, names: [name], name }
    },
  }

  function servingGoogle(name: string, door: Provider | undefined): Route {
    const { model, provider, lean, project, location } = readModelName(name)
    if (!isGoogleModel(model)) throw unknownModel(notServed(name))
    const elsewhere =
      (project !== undefined && project !== vertex?.project) ||
      (location !== undefined && location !== vertex?.location)
    if (elsewhere) {
      throw unknownModel(
        `The model '${brief(name)}' is in a project or location that this gateway does not serve.`,
      )
    }
    const wish = provider ?? door ?? lean ?? preferred
    const other: Provider = wish === 'vertex' ? 'gemini' : 'vertex'
    const choices = provider === undefined ? [wish, other] : [wish]
    const chosen = choices.find((one) => google[one] !== undefined)
    const backend = chosen && google[chosen]?.backend
    if (backend === undefined) {
      throw unknownModel(
        `The model '${brief(name)}' asks for a Google API that this gateway is not configured for. ${hint}`,
      )
    }
    return { backend, model, names: [name, model], provider: chosen }
  }
}

/** The route of a name; undefined where nobody here serves it. */
export function routeTo(backends: Backends, name: string): Route | undefined {
  try {
    return backends.serving(name)
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

/** Whether a name means a model of Google's, whoever is configured. */
export function isOfGoogle(name: string): boolean {
  return isGoogleModel(readModelName(name).model)
}

/** The names by which clients may ask for a model of Google's, beside its bare one. */
export function spellingsOf(
  model: string,
  vertex: { project: string; location: string } | undefined,
): string[] {
  const place = vertex && `projects/${vertex.project}/locations/${vertex.location}/`
  return [
    ...prefixes.map(([prefix]) => `${prefix}${model}`),
    ...(place === undefined ? [] : [`${place}publishers/google/models/${model}`]),
  ]
}

/** Partners' models on Vertex AI, e.g. `meta/llama-3.3-70b-instruct-maas`: the suffix is Google's. */
function isPartnerModel(name: string): boolean {
  return /^(?!google\/)[a-z0-9-]{2,40}\/[\w.-]{1,100}-maas$/.test(name)
}

const hint = "Ask for a bare name such as 'gemini-2.5-flash'."

function notServed(name: string): string {
  return `The model '${brief(name)}' does not exist here. ${hint}`
}

interface ModelName {
  model: string
  /** Said for sure: `vertex/`, `gemini/`, a full resource name. */
  provider?: Provider
  /** The habit of one API that the other takes as well: `google/` is Vertex AI's, `models/` the Developer API's. */
  lean?: Provider
  project?: string | undefined
  location?: string | undefined
}

const prefixes: [string, Omit<ModelName, 'model'>][] = [
  ['vertex/', { provider: 'vertex' }],
  ['vertex_ai/', { provider: 'vertex' }],
  ['publishers/google/models/', { provider: 'vertex' }],
  ['gemini/', { provider: 'gemini' }],
  ['google/', { lean: 'vertex' }],
  ['models/', { lean: 'gemini' }],
]

function readModelName(name: string): ModelName {
  const found = prefixes.find(([prefix]) => name.startsWith(prefix))
  if (found === undefined) return readResource(name) ?? { model: name }
  const [prefix, meaning] = found
  const rest = name.slice(prefix.length)
  // `vertex/google/x` says it twice: the first word counts.
  const [second = ''] = prefixes.find(([one]) => rest.startsWith(one)) ?? []
  return { ...(readResource(rest) ?? { model: rest.slice(second.length) }), ...meaning }
}

function readResource(name: string): ModelName | undefined {
  const found = /^projects\/([^/]+)\/locations\/([^/]+)\/publishers\/google\/models\/(.+)$/.exec(
    name,
  )
  if (found === null) return undefined
  const [, project, location, model = ''] = found
  return { model, provider: 'vertex', project, location }
}

import { unknownModel } from '../errors.ts'
import { isGoogleModel } from '../translate/abilities.ts'
import type { ChatChunk, ChatCompletion } from '../translate/chat/response.ts'
import type { Head } from '../translate/chat/stream.ts'
import type { Provider } from '../translate/gemini.ts'

/** What a backend is told of a call beside its body. */
export interface Call {
  head: Head
  /** The model's bare id, e.g. `gemini-2.5-flash`. */
  model: string
  /** Aborts when the client leaves. */
  signal: AbortSignal
  /** The client's own Google credential, where the gateway passes it through. */
  credential: string | undefined
}

/** An answer, with headers that tell the client how it came about. */
export interface Answer<T> {
  content: T
  headers: Record<string, string>
}

/** Chunks in batches: all that one read of the upstream gave. */
export type ChunkBatches = AsyncGenerator<ChatChunk[]>

/** Whoever can answer a chat request in OpenAI's words. */
export interface Backend {
  /** The whole answer. Throws ApiError. */
  complete(body: unknown, call: Call): Promise<Answer<ChatCompletion>>
  /** Resolves with the first batch in hand, so that a refusal still gets its status. */
  stream(body: unknown, call: Call): Promise<Answer<ChunkBatches>>
}

/** A backend, and the bare id of the model it is to ask. */
export interface Route {
  backend: Backend
  model: string
}

export interface Backends {
  /**
   * Who serves the model of this name. `door` is the provider whose own path the request came by,
   * for names that do not say. Throws 404 for a model that nobody here serves.
   */
  serving(name: string, door?: Provider): Route
}

export interface BackendSettings {
  vertex: { backend: Backend; project: string; location: string } | undefined
  gemini: { backend: Backend } | undefined
  /** Who is asked where the name leaves it open. */
  preferred: Provider
}

/** One Google backend or both. The name's prefix decides; see `readModelName`. */
export function createBackends({ vertex, gemini, preferred }: BackendSettings): Backends {
  return {
    serving(name, door) {
      const { model, provider, lean, project, location } = readModelName(name)
      if (!isGoogleModel(model)) throw unknownModel(notServed(name))
      const elsewhere =
        (project !== undefined && project !== vertex?.project) ||
        (location !== undefined && location !== vertex?.location)
      if (elsewhere) {
        throw unknownModel(
          `The model '${name}' is in a project or location that this gateway does not serve.`,
        )
      }
      const wish = provider ?? door ?? lean ?? preferred
      const wished = wish === 'vertex' ? vertex : gemini
      const other = provider === undefined ? (vertex ?? gemini) : undefined
      const backend = (wished ?? other)?.backend
      if (backend === undefined) {
        throw unknownModel(
          `The model '${name}' asks for a Google API that this gateway is not configured for. ${hint}`,
        )
      }
      return { backend, model }
    },
  }
}

const hint = "Ask for a bare name such as 'gemini-2.5-flash'."

function notServed(name: string): string {
  return `The model '${name.slice(0, 200)}' does not exist here. ${hint}`
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
  const resource = /^projects\/([^/]+)\/locations\/([^/]+)\/publishers\/google\/models\/(.+)$/.exec(
    name,
  )
  if (resource !== null) {
    const [, project, location, model = ''] = resource
    return { model, provider: 'vertex', project, location }
  }
  const found = prefixes.find(([prefix]) => name.startsWith(prefix))
  if (found === undefined) return { model: name }
  const [prefix, meaning] = found
  const rest = readModelName(name.slice(prefix.length))
  // `vertex/google/x` says it twice: the first word counts.
  return { ...rest, ...meaning }
}

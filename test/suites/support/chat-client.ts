import { once } from 'node:events'
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { eventsIn } from '../../support/raw-client.ts'

/** How one request ended. */
export interface Outcome {
  /** 0 where no answer came. */
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** The network's word for it where the answer broke off, or never came. */
  broken: string | undefined
  /** Milliseconds from the request to the end of its answer. */
  took: number
}

export interface AskOptions {
  agent?: Agent
  signal?: AbortSignal
  /** Beside those of its body. */
  headers?: Record<string, string>
  /** Called with each piece of the answer. */
  heard?: (piece: Buffer) => void
}

/** Sends a chat request and reads its answer to the end; whatever happens, it resolves. */
export async function askChat(
  url: string,
  body: object,
  options: AskOptions = {},
): Promise<Outcome> {
  const started = performance.now()
  const pieces: Buffer[] = []
  let response: IncomingMessage | undefined
  let broken: string | undefined
  try {
    response = await openChat(url, body, options)
    for await (const piece of response) {
      pieces.push(piece)
      options.heard?.(piece)
    }
  } catch (error) {
    broken = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
  return {
    status: response?.statusCode ?? 0,
    headers: response?.headers ?? {},
    body: Buffer.concat(pieces).toString(),
    broken,
    took: performance.now() - started,
  }
}

/** Sends a chat request and resolves with its answer's head; nothing of the body is read yet. */
export async function openChat(
  url: string,
  body: object,
  { agent, signal, headers }: AskOptions = {},
): Promise<IncomingMessage> {
  const json = JSON.stringify(body)
  const asked = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    agent: agent ?? false,
    signal,
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(json),
    },
  })
  const [response] = await once(asked.end(json), 'response')
  return response
}

/** What a client makes of a stream's events. */
export interface Heard {
  content: string
  /** Every finish_reason that was given. */
  finishes: string[]
  /** Whether `[DONE]` came, as the last event. */
  done: boolean
  /** The code of the error event that came last. */
  error: string | undefined
}

/** Reads the body of a stream. */
export function hear(body: string): Heard {
  const events = eventsIn(body)
  const chunks = events
    .filter((event) => event !== '[DONE]')
    .map((event): Chunk => JSON.parse(event))
  const choices = chunks.flatMap(({ choices }) => choices ?? [])
  const error = chunks.at(-1)?.error
  return {
    content: choices.map(({ delta }) => delta?.content ?? '').join(''),
    finishes: choices.flatMap(({ finish_reason }) => finish_reason ?? []),
    done: events.at(-1) === '[DONE]',
    error: error && String(error.code ?? error.type),
  }
}

/** As much of an event as is looked at. */
interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[]
  error?: { code?: string | null; type?: string }
}

/** Whether a stream came to its end as it should: an answer, one reason why it ends, `[DONE]`. */
export function isComplete({ status, broken, body }: Outcome): boolean {
  if (status !== 200 || broken !== undefined) return false
  const { content, finishes, done, error } = hear(body)
  return content !== '' && finishes.length === 1 && done && error === undefined
}

/** A chat request with one user message. */
export function chat(content: string, more: object = {}): object {
  return { model: 'gemini-2.5-flash', messages: [{ role: 'user', content }], ...more }
}

/** The same, streamed. */
export function streamed(content: string, more: object = {}): object {
  return chat(content, { stream: true, ...more })
}

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { json as readJson } from 'node:stream/consumers'
import { listen } from '../../src/emulator/listen.ts'
import { isRecord } from './shared.ts'

/** What a container that speaks OpenAI's words was asked. */
export interface AskedContainer {
  path: string
  headers: IncomingHttpHeaders
  body: Record<string, unknown>
}

/** How vLLM is to behave; each default is what a recent one does. */
export interface VllmHabits {
  /** The names it serves its model by; an empty or absent name is always taken. */
  serves: string[]
  /** `{"object":"error",…}` until 0.9, `{"error":{…}}` since. */
  errors: 'older' | 'newer'
  /** Whether a stream ends in `[DONE]`. */
  done: boolean
  /** Ends a stream after so many events: well (`close`), badly (`reset`) or in an error (`error`). */
  breaks: { after: number; how: 'close' | 'reset' | 'error' } | undefined
  /** Refuses everything like this. */
  refuses: { status: number; body: string; headers?: Record<string, string> } | undefined
}

const usual: VllmHabits = {
  serves: ['gemma-2-9b-it'],
  errors: 'newer',
  done: true,
  breaks: undefined,
  refuses: undefined,
}

/** A loopback server with the manners of vLLM's OpenAI server, wherever its path begins. */
export interface Vllm {
  url: string
  /** Everything it was asked, in order. */
  asked: AskedContainer[]
  /** The usual habits, but for these, from now on. */
  behave(habits?: Partial<VllmHabits>): void
  close(): Promise<void>
}

export async function startVllm(): Promise<Vllm> {
  const asked: AskedContainer[] = []
  let habits = usual
  const server = await serveContainer(async (request, response) => {
    const body: unknown = await readJson(request)
    if (!isRecord(body)) throw new Error('The gateway sent something that is no object.')
    asked.push({ path: request.url ?? '', headers: request.headers, body })
    await answer(body, habits, response)
  })
  return {
    ...server,
    asked,
    behave: (changed = {}) => void (habits = { ...usual, ...changed }),
  }
}

async function answer(
  body: Record<string, unknown>,
  habits: VllmHabits,
  response: ServerResponse,
): Promise<void> {
  const { refuses, serves } = habits
  if (refuses !== undefined) {
    const type = refuses.body.startsWith('{') ? 'application/json' : 'text/plain'
    response.writeHead(refuses.status, { 'content-type': type, ...refuses.headers })
    response.end(refuses.body)
    return
  }
  const { model = '', messages, stream, max_tokens: most } = body
  if (model !== '' && !serves.includes(String(model))) {
    return refuse(404, 'NotFoundError', `The model \`${String(model)}\` does not exist.`)
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    return refuse(400, 'BadRequestError', "[{'type': 'missing', 'loc': ('body', 'messages')}]")
  }
  if (typeof most === 'number' && most > 8192) {
    const message = `'max_tokens' or 'max_completion_tokens' is too large: ${most}. This model's maximum context length is 8192 tokens and your request has 9 input tokens.`
    return refuse(400, 'BadRequestError', message)
  }
  if (stream === true) return sendStream(body, habits, response)
  const message = { role: 'assistant', reasoning_content: null, ...messageFor(body) }
  const reason = message.tool_calls === undefined ? 'stop' : 'tool_calls'
  sendJson(response, 200, {
    ...envelope('chat.completion', body),
    choices: [{ index: 0, message, logprobs: null, finish_reason: reason, stop_reason: null }],
    usage,
    prompt_logprobs: null,
    kv_transfer_params: null,
  })

  function refuse(status: number, type: string, said: string): void {
    const error = { message: said, type, param: null, code: status }
    sendJson(
      response,
      status,
      habits.errors === 'newer' ? { error } : { object: 'error', ...error },
    )
  }
}

const usage = {
  prompt_tokens: 9,
  total_tokens: 14,
  completion_tokens: 5,
  prompt_tokens_details: null,
}

function envelope(object: string, { model }: Record<string, unknown>) {
  // It calls the model what the request does, even where that is nothing.
  return { id: 'chatcmpl-7a1b', object, created: 1_760_000_000, model: model ?? '' }
}

interface Said {
  content: string | null
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[]
}

/** Calls the first tool where there is one and no result yet, else says a few words. */
function messageFor({ tools, messages }: Record<string, unknown>): Said {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  const [tool]: unknown[] = Array.isArray(tools) ? tools : []
  if (!isRecord(tool) || !isRecord(tool.function) || (isRecord(last) && last.role === 'tool')) {
    return { content: 'Héllo from a container. 👋' }
  }
  const called = { name: String(tool.function.name), arguments: '{"city": "Paris"}' }
  return {
    content: null,
    tool_calls: [{ id: 'chatcmpl-tool-0a1b2c', type: 'function', function: called }],
  }
}

async function sendStream(
  body: Record<string, unknown>,
  { done, breaks, errors }: VllmHabits,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  for (const [at, chunk] of chunksFor(body).entries()) {
    if (breaks !== undefined && at === breaks.after) return breakOff(breaks.how)
    // A write an event, as uvicorn does it.
    await new Promise((resolve) => response.write(`data: ${JSON.stringify(chunk)}\n\n`, resolve))
  }
  response.end(done ? 'data: [DONE]\n\n' : '')

  function breakOff(how: 'close' | 'reset' | 'error'): void {
    if (how === 'reset') return void response.socket?.resetAndDestroy()
    const error = { message: 'EngineCore encountered an issue.', type: 'InternalServerError' }
    const shown = { ...error, param: null, code: 500 }
    const event = errors === 'newer' ? { error: shown } : { object: 'error', ...shown }
    response.end(how === 'error' ? `data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n` : '')
  }
}

function chunksFor(body: Record<string, unknown>): object[] {
  const said = messageFor(body)
  const head = envelope('chat.completion.chunk', body)
  const chunk = (delta: object, reason: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
  })
  const calls = (said.tool_calls ?? []).flatMap(({ id, type, function: called }, index) => [
    chunk({ tool_calls: [{ id, type, index, function: { name: called.name } }] }),
    ...(called.arguments.match(/.{1,6}/g) ?? []).map((piece) =>
      chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
    ),
  ])
  const words = (said.content?.match(/\S+\s*/g) ?? []).map((content) => chunk({ content }))
  const options = isRecord(body.stream_options) ? body.stream_options : {}
  return [
    chunk({ role: 'assistant', content: '' }),
    ...words,
    ...calls,
    chunk({ content: '' }, calls.length > 0 ? 'tool_calls' : 'stop'),
    ...(options.include_usage === true ? [{ ...head, choices: [], usage }] : []),
  ]
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** Serves on a free loopback port; whatever goes wrong ends the connection. */
export async function serveContainer(
  reply: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ url: string; close(): Promise<void> }> {
  return listen((request, response) => {
    void reply(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined)
    })
  }, {})
}

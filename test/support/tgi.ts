import { json as readJson } from 'node:stream/consumers'
import { isRecord } from './shared.ts'
import { type AskedContainer, sendJson, serveContainer } from './vllm.ts'

/** What TGI says instead of an answer. */
export type TgiTrouble =
  /** 422: the prompt is too long. */
  | 'validation'
  /** 422 in plain text: the body could not be read into its types. */
  | 'unreadable'
  /** 424: the model failed. */
  | 'generation'
  /** 429: too many requests wait. */
  | 'overloaded'
  /** An error event after the first words of a stream. */
  | 'midstream'

/** A loopback server with the manners of Hugging Face's TGI. */
export interface Tgi {
  url: string
  /** Everything it was asked, in order. */
  asked: AskedContainer[]
  /** What is wrong from now on; undefined: nothing. */
  ail(trouble: TgiTrouble | undefined): void
  close(): Promise<void>
}

const troubles: Record<Exclude<TgiTrouble, 'midstream' | 'unreadable'>, [number, string]> = {
  validation: [
    422,
    'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9 `inputs` tokens and 9000 `max_new_tokens`',
  ],
  generation: [424, 'Request failed during generation: Server error: CUDA out of memory'],
  overloaded: [429, 'Model is overloaded'],
}

export async function startTgi(): Promise<Tgi> {
  const asked: AskedContainer[] = []
  let trouble: TgiTrouble | undefined
  const server = await serveContainer(async (request, response) => {
    const body: unknown = await readJson(request)
    if (!isRecord(body)) throw new Error('The gateway sent something that is no object.')
    asked.push({ path: request.url ?? '', headers: request.headers, body })
    if (trouble === 'unreadable') {
      const said =
        'Failed to deserialize the JSON body into the target type: temperature: invalid type: string "hot", expected f32'
      response.writeHead(422, { 'content-type': 'text/plain; charset=utf-8' }).end(said)
    } else if (trouble !== undefined && trouble !== 'midstream') {
      const [status, error] = troubles[trouble]
      sendJson(response, status, { error, error_type: trouble })
    } else if (body.stream === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(eventsFor(body, trouble === 'midstream'))
    } else {
      sendJson(response, 200, wholeFor())
    }
  })
  return { ...server, asked, ail: (what) => void (trouble = what) }
}

// Its own name for the model, whatever it was asked by.
const head = {
  id: '',
  created: 1_760_000_000,
  model: 'google/gemma-2-27b-it',
  system_fingerprint: '3.3.4-sha',
}
const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 }

function wholeFor(): object {
  const message = { role: 'assistant', content: 'Hello from TGI.' }
  return {
    object: 'chat.completion',
    ...head,
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage,
  }
}

/** It writes no space after `data:`, and the usage on a chunk without choices. */
function eventsFor({ stream_options: options }: Record<string, unknown>, fails: boolean): string {
  const words = ['Hello', ' from', ' TGI.', '']
  const chunks = words.map((content, at) => ({
    object: 'chat.completion.chunk',
    ...head,
    choices: [
      {
        index: 0,
        delta: { role: 'assistant', content },
        logprobs: null,
        finish_reason: at === words.length - 1 ? 'stop' : null,
      },
    ],
    usage: null,
  }))
  const error = {
    error: 'Request failed during generation: Server error',
    error_type: 'generation',
  }
  const wanted = isRecord(options) && options.include_usage === true
  const counted = { object: 'chat.completion.chunk', ...head, choices: [], usage }
  const events: object[] = fails
    ? [...chunks.slice(0, 2), error]
    : [...chunks, ...(wanted ? [counted] : [])]
  const text = events.map((event) => `data:${JSON.stringify(event)}\n\n`).join('')
  return fails ? text : `${text}data: [DONE]\n\n`
}

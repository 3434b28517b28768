import OpenAI, { APIError } from 'openai'
import { connectRaw, readReply, toHttp } from '../../support/raw-client.ts'
import { brief, readAnswer, type Seen } from './answer.ts'

/** Asks, and tells what it saw; never throws for what an answer says. */
export type Client = (url: string, body: ChatBody) => Promise<Experience>

export interface ChatBody {
  model: string
  messages: { role: 'system' | 'user'; content: string }[]
  stream: boolean
}

/** An answer as a client lived through it. */
export interface Experience extends Pick<
  Seen,
  'headers' | 'text' | 'finished' | 'error' | 'complaints'
> {
  /** Undefined where the official client threw over an error within a stream. */
  status: number | undefined
  /** Undefined where the official client skipped them. */
  comments?: number
  tookMs: number
}

/** Much longer than any answer may take here. */
const patienceMs = 30_000

/** Reads bytes, and looks at each rule of the wire. */
export const rawClient: Client = async (url, body) => {
  const began = performance.now()
  const client = await connectRaw(url)
  try {
    client.send(toHttp('POST /v1/chat/completions', JSON.stringify(body)))
    const text = await client.closed(patienceMs)
    const reply = readReply(text)
    const seen = readAnswer(reply)
    const chunked = reply.headers.get('transfer-encoding') === 'chunked'
    const whole = chunked
      ? text.endsWith('\r\n0\r\n\r\n')
      : Buffer.byteLength(reply.body) === Number(reply.headers.get('content-length'))
    const cut = whole ? [] : [`the body is cut: ${brief(text.slice(-100))}`]
    const complaints = [...seen.complaints, ...cut]
    return { ...seen, complaints, tookMs: performance.now() - began }
  } finally {
    client.leave()
  }
}

/** The official client, which is to throw whatever is not a complete answer. */
export const sdkClient: Client = async (url, { stream, ...body }) => {
  const client = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: 'any',
    maxRetries: 0,
    timeout: patienceMs,
  })
  const began = performance.now()
  let text = ''
  const finished: string[] = []
  let status: number | undefined
  let headers = new Headers()
  try {
    if (stream) {
      const { data, response } = await client.chat.completions
        .create({ ...body, stream: true })
        .withResponse()
      ;({ status, headers } = response)
      for await (const { choices } of data) {
        text += choices[0]?.delta.content ?? ''
        finished.push(...choices.flatMap(({ finish_reason: reason }) => reason ?? []))
      }
    } else {
      const { data, response } = await client.chat.completions.create(body).withResponse()
      ;({ status, headers } = response)
      text = data.choices[0]?.message.content ?? ''
      finished.push(...data.choices.map((choice) => choice.finish_reason))
    }
    const tookMs = performance.now() - began
    return { status, headers, text, finished, error: undefined, complaints: [], tookMs }
  } catch (error) {
    const tookMs = performance.now() - began
    if (!(error instanceof APIError)) {
      const complaints = [`threw ${String(error)}`]
      return { status, headers, text, finished, error: undefined, complaints, tookMs }
    }
    const { message, type = '', code = null, param = null } = error
    const thrown = { message, type, code: code ?? null, param: param ?? null }
    headers = error.headers ?? headers
    return { status: error.status, headers, text, finished, error: thrown, complaints: [], tookMs }
  }
}

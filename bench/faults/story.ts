import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRecord } from '../../test/support/shared.ts'
import type { Gateway } from './gateways.ts'

/** What a client lives through with one request. */
export interface Story {
  status: number
  streamed: boolean
  /** Chunks with text in them. */
  pieces: number
  finish: string | undefined
  done: boolean
  /** An error event, or the error of a body. */
  error: string | undefined
  /** The error has OpenAI's shape. */
  shaped: boolean
  param: string | undefined
  end: 'clean' | 'cut' | 'still open'
  tookMs: number
}

/** A request that is under way. */
export interface Asked {
  request: ClientRequest
  /** Resolves with the head of the answer. */
  response: Promise<IncomingMessage>
}

/** Sends a body, JSON or not. */
export function ask(gateway: Gateway, body: object | string, headers = gateway.headers): Asked {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const asked = request(gateway.url, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...headers,
    },
  })
  asked.on('error', () => undefined)
  const response = once(asked, 'response').then(([head]: IncomingMessage[]) => {
    if (head === undefined) throw new Error('An answer has a head.')
    return head
  })
  asked.end(text)
  return { request: asked, response }
}

const patienceMs = 4_000

/** Sends a body and reads what comes, for four seconds at the most. */
export async function live(
  gateway: Gateway,
  body: object | string,
  headers = gateway.headers,
): Promise<Story> {
  const asked = ask(gateway, body, headers)
  const began = performance.now()
  const told = await Promise.race([tell(asked, began), late(asked, patienceMs)])
  asked.request.destroy()
  return told
}

/** Reads an answer to its end, whatever that is. */
export async function tell({ response }: Asked, began: number): Promise<Story> {
  const head = await response
  let text = ''
  heard.set(response, '')
  head.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    heard.set(response, text)
  })
  head.on('error', () => undefined)
  // Not `once`, which throws where the answer is cut.
  await new Promise((resolve) => head.once('close', resolve))
  const end = head.complete ? 'clean' : 'cut'
  return { ...read(head.statusCode ?? 0, text), end, tookMs: performance.now() - began }
}

/** What has come so far, for those who are cut off. */
const heard = new WeakMap<Promise<IncomingMessage>, string>()

async function late({ response }: Asked, ms: number): Promise<Story> {
  await sleep(ms)
  const text = heard.get(response) ?? ''
  return { ...read(text === '' ? 0 : 200, text), end: 'still open', tookMs: ms }
}

function read(status: number, text: string): Omit<Story, 'end' | 'tookMs'> {
  const data = [...text.matchAll(/^data: ?(.*)$/gm)].map(([, one = '']) => one)
  const events = data.length > 0 ? data.map(parse) : [parse(text)]
  const choices = events
    .flatMap((event) => (isRecord(event) && Array.isArray(event.choices) ? event.choices : []))
    .filter(isRecord)
  const errors = events.flatMap((event) =>
    isRecord(event) && event.error != null ? [event.error] : [],
  )
  const [error] = errors
  const fields = isRecord(error) ? error : {}
  const finish = choices
    .map((choice) => choice.finish_reason)
    .find((reason) => typeof reason === 'string')
  return {
    status,
    streamed: data.length > 0,
    pieces: choices.filter(
      ({ delta }) => isRecord(delta) && typeof delta.content === 'string' && delta.content !== '',
    ).length,
    finish: typeof finish === 'string' ? finish : undefined,
    done: data.includes('[DONE]'),
    error: error === undefined ? undefined : nameOf(fields),
    shaped:
      typeof fields.message === 'string' &&
      typeof fields.type === 'string' &&
      'param' in fields &&
      'code' in fields,
    param: typeof fields.param === 'string' ? fields.param : undefined,
  }
}

function nameOf({ code, type }: Record<string, unknown>): string {
  const name = [code, type].find((one) => typeof one === 'string' || typeof one === 'number')
  return name === undefined ? 'without a code' : String(name)
}

/** In words, for the table. */
export function inWords(story: Story): string {
  const { status, streamed, pieces, finish, done, error, shaped, end, tookMs } = story
  if (status === 0) return `no answer within ${Math.round(tookMs)} ms`
  if (status !== 200) {
    return `${status}${error === undefined ? '' : ` \`${error}\``}${shaped ? '' : ', not OpenAI’s shape'}`
  }
  if (!streamed && end === 'clean') return '200, an answer'
  const parts = [
    `${pieces} pieces`,
    finish === undefined ? 'no `finish_reason`' : `finish \`${finish}\``,
    error === undefined ? 'no error' : `error \`${error}\``,
    done ? '`[DONE]`' : 'no `[DONE]`',
    end === 'still open' ? `still open after ${Math.round(tookMs)} ms` : `${end} end`,
  ]
  return parts.join(', ')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import assert from 'node:assert/strict'
import type { Backend } from '../../src/emulator/models.ts'
import type { GenerateContentResponse } from '../../src/emulator/response.ts'
import { startEmulator } from '../../src/emulator/server.ts'
import { checkResponse } from './shared.ts'

type Json = Record<string, unknown>

/** What came back, read as the framing has it. */
export interface Reply {
  status: number
  type: string
  text: string
  headers: Headers
}

/** A client of a running emulator, which checks every answer against the published contract. */
export class Client {
  readonly url: string
  #backend: Backend

  constructor(url: string, backend: Backend) {
    this.url = url
    this.#backend = backend
  }

  /** The one response to `:generateContent`. */
  async whole(model: string, body: Json): Promise<GenerateContentResponse> {
    const { status, text } = await this.post(`${model}:generateContent`, body)
    assert.equal(status, 200, text)
    const response: GenerateContentResponse = JSON.parse(text)
    checkResponse(response, this.#backend)
    return response
  }

  /** The events of `:streamGenerateContent`. */
  async streamed(model: string, body: Json): Promise<GenerateContentResponse[]> {
    const { status, text } = await this.post(`${model}:streamGenerateContent?alt=sse`, body)
    assert.equal(status, 200, text)
    const events: GenerateContentResponse[] = readEvents(text)
    for (const event of events) checkResponse(event, this.#backend)
    return events
  }

  /** The error a request is refused with. */
  async refusal(
    model: string,
    body: Json,
  ): Promise<{ code: number; message: string; status: string; details?: Json[] }> {
    const { status, text } = await this.post(`${model}:generateContent`, body)
    assert.notEqual(status, 200, text)
    const { error } = JSON.parse(text)
    assert.equal(error.code, status)
    return error
  }

  /** Whatever is answered to a POST. */
  async post(
    method: string,
    body: unknown,
    headers: Record<string, string> = this.#credential(),
  ): Promise<Reply> {
    const path = this.#backend === 'vertex' ? vertexPath : '/v1beta/models/'
    const response = await fetch(`${this.url}${path}${method}`, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text: await response.text(),
      headers: response.headers,
    }
  }

  #credential(): Record<string, string> {
    return this.#backend === 'vertex'
      ? { authorization: 'Bearer token' }
      : { 'x-goog-api-key': 'key' }
  }
}

const vertexPath = '/v1beta1/projects/p/locations/global/publishers/google/models/'

/** An emulator with a client for each of its doors. */
export async function startClients() {
  const emulator = await startEmulator()
  return {
    emulator,
    developer: new Client(emulator.url, 'gemini-api'),
    vertex: new Client(emulator.url, 'vertex'),
  }
}

/** SSE as Google writes it: data lines, CRLF CRLF, nothing else. */
export function readEvents<Event>(text: string): Event[] {
  assert.ok(text.endsWith('\r\n\r\n'))
  return text
    .slice(0, -4)
    .split('\r\n\r\n')
    .map((frame) => {
      assert.ok(frame.startsWith('data: '), frame)
      return JSON.parse(frame.slice('data: '.length))
    })
}

/** A request of one user turn. */
export function asking(text: string, more: Json = {}): Json {
  return { contents: [{ role: 'user', parts: [{ text }] }], ...more }
}

/** A request for a model with functions. */
export function withTools(text: string, more: Json = {}): Json {
  return asking(text, { tools: [{ functionDeclarations: [getWeather, bookTaxi] }], ...more })
}

/** A function with one thing to fill in. */
export const getWeather = {
  name: 'get_weather',
  description: 'The weather of a city',
  parametersJsonSchema: {
    type: 'object',
    properties: {
      city: { type: 'string' },
      unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
    },
    required: ['city'],
  },
}

/** A function in the OpenAPI subset. */
export const bookTaxi = {
  name: 'book_taxi',
  parameters: {
    type: 'OBJECT',
    properties: { from: { type: 'STRING' }, to: { type: 'STRING' }, seats: { type: 'INTEGER' } },
    required: ['from', 'to', 'seats'],
  },
}

/** All parts of a candidate, over all events. */
export function partsOf(events: GenerateContentResponse[], index = 0) {
  const all = events.flatMap(({ candidates = [] }) => candidates)
  const own = all.filter((candidate) => (candidate.index ?? 0) === index)
  return own.flatMap(({ content }) => content?.parts ?? [])
}

/** The answer's text, without thoughts. */
export function textOf(...events: GenerateContentResponse[]): string {
  return partsOf(events)
    .filter((part) => !part.thought)
    .map(({ text }) => text ?? '')
    .join('')
}

/** Name and arguments of each call. */
export function callsOf(...events: GenerateContentResponse[]): [string | undefined, unknown][] {
  return partsOf(events).flatMap(({ functionCall }) =>
    functionCall ? [[functionCall.name, functionCall.args] as [string | undefined, unknown]] : [],
  )
}

/** How it ended. */
export function finishOf(...events: GenerateContentResponse[]): string | undefined {
  return events
    .flatMap(({ candidates = [] }) => candidates)
    .findLast(({ finishReason }) => finishReason)?.finishReason
}

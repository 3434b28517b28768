import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { ApiError, interrupted } from '../../src/errors.ts'
import type { GenerateContentResponse, Provider } from '../../src/translate/gemini.ts'
import { type AnswerOptions, toGemini } from '../../src/translate/chat/request.ts'
import type { ChatChunk } from '../../src/translate/chat/response.ts'
import { ChatStream, collectWhole } from '../../src/translate/chat/stream.ts'
import { toStreamError } from '../../src/translate/status.ts'
import { accumulate, merge } from './answers/accumulate.ts'
import {
  assertCallIds,
  assertKeepsContract,
  assertWellFormed,
  assertWholeKeepsContract,
} from './answers/invariants.ts'

/** What Gemini says, and what a client must get for it. */
interface Case {
  /** Vertex AI and a Gemini 3 where the case does not say. */
  to?: { provider: Provider; model: string }
  /** The operator's choice of where thoughts go without a marker. */
  thoughts?: 'reasoning_content' | 'content'
  /** What of the request matters to the answer. */
  request?: Record<string, unknown>
  gemini: GenerateContentResponse[]
  /** Exactly these, in this order: index, delta, and what else stands in the choice. */
  deltas?: [number, object, object?][]
  /** Exact in each key that is given, for the whole answer and the accumulated stream alike. */
  completion?: Record<string, unknown>
  /** Exact in each key that is given; of the stream's last chunk and of the whole answer. */
  usage?: Record<string, unknown>
  /** How it ends badly; exact in each key that is given. */
  error?: { status: number; code: string; type?: string; message?: string }
}

const head = { id: 'chatcmpl-0f8fad5bd9cb469fa165', created: 1763164273, model: 'google/asked' }

describe('an answer', () => {
  for (const path of globSync(join(import.meta.dirname, 'answers', '*.json')).toSorted()) {
    const example: Case = JSON.parse(readFileSync(path, 'utf8'))
    it(basename(path, '.json').replaceAll('-', ' '), () => {
      if (example.error === undefined) assertAnswers(example)
      else assertFails(example, example.error)
    })
  }
})

/** Streamed, streamed as one event, and whole: three ways to one answer. */
function assertAnswers({ gemini: events, deltas, completion, usage, ...example }: Case): void {
  const asked = optionsFor({ gemini: events, ...example })
  const counted = { ...asked, includeUsage: true }

  const chunks = stream(events, counted)
  assertWellFormed(chunks, { usage: true })
  const answer = plain(accumulate(chunks))
  assertSays(answer, completion, usage)

  const burst = stream([merge(events)], counted)
  assertWellFormed(burst, { usage: true })
  assert.deepEqual(plain(accumulate(burst)), answer, 'streamed as one event')

  const whole = collectWhole(new ChatStream(head, { ...asked, includeUsage: true }), merge(events))
  assertWholeKeepsContract(whole)
  assert.deepEqual(plain(whole), answer, 'whole')

  const wanted = stream(events, asked)
  assertWellFormed(wanted, { usage: asked.includeUsage })
  const ids = assertCallIds(wanted)
  if (deltas !== undefined) assert.deepEqual(toDeltas(wanted, ids), deltas)
}

function assertFails(example: Case, error: NonNullable<Case['error']>): void {
  const { chunks, failure } = streamToFailure(example.gemini, optionsFor(example))
  const { status, code, type, message } = failure
  assert.deepEqual(pick({ status, code, type, message }, Object.keys(error)), error)
  assert.deepEqual(toDeltas(chunks, assertCallIds(chunks)), example.deltas ?? [])
  assertKeepsContract(chunks)
}

function optionsFor({ to, thoughts, request }: Case): AnswerOptions {
  const { provider, model } = to ?? { provider: 'vertex', model: 'gemini-3.5-flash' }
  const body = { model, messages: [{ role: 'user', content: 'Go on.' }], ...request }
  return toGemini(body, {
    provider,
    model,
    thoughts: thoughts ?? 'reasoning_content',
    remembered: new Map(),
  }).answer
}

function stream(events: GenerateContentResponse[], options: AnswerOptions): ChatChunk[] {
  const machine = new ChatStream(head, options)
  const chunks = events.flatMap((event) => machine.push(event))
  assert.equal(machine.complete, true, 'an answer that ended is complete')
  return [...chunks, ...machine.finish()]
}

/** What a client has when the stream ends badly, and why it does. */
function streamToFailure(events: GenerateContentResponse[], options: AnswerOptions) {
  const machine = new ChatStream(head, options)
  const chunks: ChatChunk[] = []
  try {
    for (const event of events) {
      if (event.error !== undefined) throw toStreamError(JSON.stringify(event), 'gateway')
      chunks.push(...machine.push(event))
    }
    if (chunks.length > 0 && !machine.complete) throw interrupted()
    machine.finish()
  } catch (failure) {
    assert.ok(failure instanceof ApiError)
    return { chunks, failure }
  }
  return assert.fail('the stream did not fail')
}

/** Ids of calls become `<id1>`, `<id2>` …, in the order in which they come. */
function toDeltas(chunks: ChatChunk[], ids: string[]): unknown {
  const choices = chunks.flatMap((chunk) => chunk.choices)
  const list = choices.map(({ index, delta, logprobs, ...besides }) => {
    const { finish_reason, ...others } = besides
    // OpenAI's first delta may say that there is no refusal yet.
    const { refusal, ...said } = delta
    const rest = {
      ...(logprobs !== null && { logprobs }),
      ...(finish_reason !== null && { finish_reason }),
      ...others,
    }
    const shown = refusal === null || refusal === undefined ? said : delta
    return Object.keys(rest).length > 0 ? [index, shown, rest] : [index, shown]
  })
  return withPlaces(list, ids)
}

function assertSays(
  answer: Record<string, unknown>,
  completion: Case['completion'],
  usage: Case['usage'],
): void {
  const ids = Array.isArray(answer.choices) ? answer.choices.flatMap(idsOf) : []
  if (completion !== undefined) {
    assert.deepEqual(withPlaces(pick(answer, Object.keys(completion)), ids), completion)
  }
  if (usage !== undefined) assert.deepEqual(pick(answer.usage, Object.keys(usage)), usage)
}

function idsOf(choice: unknown): string[] {
  const calls = pick(pick(choice, ['message']).message, ['tool_calls']).tool_calls
  return Array.isArray(calls) ? calls.map((call) => String(pick(call, ['id']).id)) : []
}

function withPlaces(value: unknown, ids: string[]): unknown {
  const text = ids.reduce(
    (known, id, at) => known.replaceAll(`"${id}"`, `"<id${at + 1}>"`),
    JSON.stringify(value),
  )
  return JSON.parse(text)
}

function pick(value: unknown, names: string[]): Record<string, unknown> {
  const entries = Object.entries(value ?? {}).filter(([name]) => names.includes(name))
  return Object.fromEntries(entries)
}

/** As it is on the wire: without what is undefined. */
function plain(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value))
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  array,
  assert as law,
  boolean,
  constant,
  constantFrom,
  dictionary,
  jsonValue,
  nat,
  oneof,
  option,
  property,
  record,
  string,
  tuple,
  type Arbitrary,
} from 'fast-check'
import type { Candidate, GenerateContentResponse, Part } from '../../../src/translate/gemini.ts'
import { type AnswerOptions, toGemini } from '../../../src/translate/chat/request.ts'
import type { ChatChunk } from '../../../src/translate/chat/response.ts'
import { ChatStream, collectWhole } from '../../../src/translate/chat/stream.ts'
import { splitThoughts } from '../../../src/translate/chat/thoughts.ts'
import { accumulate, merge } from '../../cases/answers/accumulate.ts'
import { assertCallIds, assertWellFormed } from '../../cases/answers/invariants.ts'
import { examples } from '../../support/laws.ts'

const head = { id: 'chatcmpl-0f8fad5bd9cb469fa165', created: 1763164273, model: 'google/asked' }

describe('ChatStream', () => {
  for (const form of ['nowhere', 'reasoning_content', 'content', 'tags'] as const) {
    it(`streams what it answers whole, with thoughts in ${form}`, () => {
      law(
        property(answers, boolean(), (events, usage) => {
          const chunks = stream(events, optionsFor(form, usage))
          assertWellFormed(chunks, { usage })
          assertCallIds(chunks)
          const counted = optionsFor(form, true)
          const whole = plain(
            collectWhole(new ChatStream(head, { ...counted, includeUsage: true }), merge(events)),
          )
          assert.deepEqual(plain(accumulate(stream(events, counted))), whole)
        }),
        examples(40),
      )
    })
  }

  it('writes tags that are read back as the same parts', () => {
    const marker = 'think'
    law(
      property(array(turns, { minLength: 1 }), (turns) => {
        const parts = alternate(turns)
        const events = [...turns.map((part) => eventOf([part])), eventOf([], 'STOP')]
        const { content } = message(stream(events, optionsFor('tags', true)))
        assert.deepEqual(splitThoughts(String(content), marker), parts)
      }),
    )
  })

  it('shows no thought that nobody asked for', () => {
    law(
      property(answers, (events) => {
        const said = JSON.stringify(stream(events, optionsFor('nowhere', true)))
        assert.doesNotMatch(said, /reasoning_content|"thought":|<think>|thinking of/)
      }),
    )
  })

  it('is complete when each candidate has said why it ended', () => {
    const machine = new ChatStream(head, optionsFor('nowhere', false))
    assert.equal(machine.complete, false)
    machine.push({ candidates: [{ index: 0, finishReason: 'STOP' }, { index: 1 }] })
    assert.equal(machine.complete, false)
    machine.push({ candidates: [{ index: 1, finishReason: 'MAX_TOKENS' }] })
    assert.equal(machine.complete, true)
  })

  it('is complete when the prompt was blocked', () => {
    const machine = new ChatStream(head, optionsFor('nowhere', false))
    machine.push({ promptFeedback: { blockReason: 'SAFETY' } })
    assert.equal(machine.complete, true)
  })

  it('is not blocked by feedback that blocks nothing', () => {
    const machine = new ChatStream(head, optionsFor('nowhere', false))
    machine.push({ promptFeedback: { safetyRatings: [] } })
    assert.equal(machine.complete, false)
    machine.push(eventOf([{ text: 'Hi' }], 'STOP'))
    assert.equal(message(machine.finish()).refusal, null)
  })

  it('is futile where an accident left nothing to show', () => {
    const accidents = ['STOP', 'MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL']
    for (const reason of accidents) {
      assert.equal(afterwards([eventOf([{ text: '' }], reason)]).futile, reason)
      assert.equal(afterwards([{ candidates: [{ finishReason: reason }] }]).futile, reason)
    }
  })

  it('is not futile where something was said, or nothing on purpose', () => {
    const purposes = ['MAX_TOKENS', 'SAFETY', 'RECITATION']
    for (const reason of purposes) assert.equal(afterwards([eventOf([], reason)]).futile, undefined)
    const said: Part[] = [{ text: 'Hi' }, { functionCall: { name: 'look' } }]
    for (const part of said) {
      assert.equal(afterwards([eventOf([part], 'STOP')]).futile, undefined)
      const malformed = [eventOf([part]), eventOf([], 'MALFORMED_FUNCTION_CALL')]
      assert.equal(afterwards(malformed).futile, undefined)
    }
    const blocked = { promptFeedback: { blockReason: 'OTHER' } }
    assert.equal(afterwards([blocked]).futile, undefined)
  })

  it('is not futile before it has ended, nor where one of its choices is not', () => {
    assert.equal(afterwards([]).futile, undefined)
    assert.equal(afterwards([eventOf([])]).futile, undefined)
    const content = { role: 'model', parts: [{ text: 'Hi' }] }
    const candidates = [
      { index: 0, finishReason: 'STOP' },
      { index: 1, finishReason: 'STOP', content },
    ]
    assert.equal(afterwards([{ candidates }]).futile, undefined)
  })

  it('knows its calls, with what Gemini wants back with them', () => {
    const call = { functionCall: { name: 'look', id: 'jm4owj31' }, thoughtSignature: 'QQ==' }
    const machine = new ChatStream(head, optionsFor('nowhere', false))
    const chunks = [
      ...machine.push(eventOf([call])),
      ...machine.push(eventOf([{ functionCall: { name: 'take' } }], 'STOP')),
    ]
    const [first, second] = assertCallIds(chunks)
    assert.deepEqual(machine.takeCalls(), [
      { id: first, nativeId: 'jm4owj31', signature: 'QQ==' },
      { id: second, nativeId: undefined, signature: undefined },
    ])
    assert.deepEqual(machine.takeCalls(), [])
  })

  it('knows the new calls of each choice, whichever called first', () => {
    const machine = new ChatStream(head, optionsFor('nowhere', false))
    const taken = [1, 0, 1].map((index) => {
      const [id] = assertCallIds(machine.push(callIn(index)))
      return [id, machine.takeCalls().map((made) => made.id)]
    })
    for (const [id, calls] of taken) assert.deepEqual(calls, [id])
  })

  it('ends an answer of more candidates than there can be', () => {
    const machine = new ChatStream(head, optionsFor('nowhere', false))
    const candidates = Array.from({ length: 200 }, (_, index) => ({ index }))
    assert.throws(() => machine.push({ candidates }), /without end/)
  })

  it('does not wait for the end of the text', () => {
    const machine = new ChatStream(head, optionsFor('nowhere', false))
    const first = machine.push(eventOf([{ text: 'Hel' }]))
    assert.equal(message(first).content, 'Hel')
    assert.deepEqual(
      machine.push(eventOf([{ text: 'lo' }])).map(({ choices }) => choices[0]?.delta),
      [{ content: 'lo' }],
    )
  })

  it('keeps the id and the time of the first event', () => {
    const chunks = stream(
      [
        { responseId: 'r1', createTime: '2025-11-14T23:51:13Z', ...eventOf([{ text: 'a' }]) },
        { responseId: 'r2', createTime: '2026-11-14T23:51:13Z', ...eventOf([], 'STOP') },
      ],
      optionsFor('nowhere', false),
    )
    assert.deepEqual([...new Set(chunks.map(({ id }) => id))], ['r1'])
    assert.deepEqual([...new Set(chunks.map(({ created }) => created))], [1763164273])
  })

  it('takes the clock where the time of Gemini is none', () => {
    const [chunk] = stream(
      [{ createTime: 'soon', ...eventOf([{ text: 'a' }], 'STOP') }],
      optionsFor('nowhere', false),
    )
    assert.equal(chunk?.created, head.created)
  })
})

describe('complete', () => {
  it('tells the usage unasked', () => {
    const { usage } = collectWhole(
      new ChatStream(head, { ...optionsFor('nowhere', false), includeUsage: true }),
      eventOf([{ text: 'a' }], 'STOP'),
    )
    assert.equal(usage?.total_tokens, 0)
  })

  it('refuses an answer of nothing', () => {
    for (const nothing of [{}, { candidates: [] }, { usageMetadata: { promptTokenCount: 4 } }]) {
      assert.throws(
        () =>
          collectWhole(
            new ChatStream(head, { ...optionsFor('nowhere', false), includeUsage: true }),
            nothing,
          ),
        { status: 502 },
      )
    }
  })
})

type Form = AnswerOptions['thoughts']['to']

function optionsFor(form: Form, includeUsage: boolean): AnswerOptions {
  const google = {
    thinking_config: { include_thoughts: form !== 'nowhere' },
    ...(form === 'tags' && { thought_tag_marker: 'think' }),
  }
  const body = {
    model: 'gemini-3.5-flash',
    messages: [{ role: 'user', content: 'Go on.' }],
    tools: ['look', 'take'].map((name) => ({ type: 'function', function: { name } })),
    stream_options: { include_usage: includeUsage },
    extra_body: { google },
  }
  const { answer } = toGemini(body, {
    provider: 'vertex',
    model: 'gemini-3.5-flash',
    thoughts: form === 'content' ? 'content' : 'reasoning_content',
    remembered: new Map(),
  })
  assert.equal(answer.thoughts.to, form)
  return answer
}

const words = string({ unit: 'grapheme', maxLength: 8 })
const signatures = option(constantFrom('QQ==', 'Qg=='), { nil: undefined })

const parts: Arbitrary<Part> = oneof(
  { weight: 3, arbitrary: words.map((text) => ({ text })) },
  { weight: 2, arbitrary: words.map((text) => ({ text: `thinking of ${text}`, thought: true })) },
  constant({ text: '', thought: true }),
  record({
    name: constantFrom('look', 'take', 'default_api.take', 'unheard_of'),
    args: option(dictionary(words, jsonValue(), { maxKeys: 2 }), { nil: undefined }),
    id: option(constantFrom('', 'a', 'call_1', 'function-call-12345678901234567890'), {
      nil: undefined,
    }),
  })
    // As it comes off the wire, where there is no minus zero and no undefined.
    .map((functionCall) => JSON.parse(JSON.stringify({ functionCall }))),
).chain((part) =>
  signatures.map((sign) => (sign === undefined ? part : { ...part, thoughtSignature: sign })),
)

const reasons = constantFrom('STOP', 'STOP', 'MAX_TOKENS', 'SAFETY', 'OTHER', 'BRAND_NEW')

const usages = record(
  {
    promptTokenCount: nat(1000),
    candidatesTokenCount: nat(1000),
    thoughtsTokenCount: nat(1000),
    cachedContentTokenCount: nat(1000),
    totalTokenCount: nat(3000),
    trafficType: constant('ON_DEMAND'),
  },
  { requiredKeys: [] },
)

const pieces = record({ index: nat(2), parts: array(parts, { maxLength: 3 }) })

/** An event in which this candidate calls a function. */
function callIn(index: number): GenerateContentResponse {
  const part = { functionCall: { name: 'f' }, thoughtSignature: 'QQ==' }
  return { candidates: [{ index, content: { parts: [part] } }] }
}

/** Events of up to three candidates, interleaved, each with an end of its own. */
const answers: Arbitrary<GenerateContentResponse[]> = record({
  pieces: array(array(pieces, { maxLength: 2 }), { minLength: 1, maxLength: 6 }),
  reasons: tuple(reasons, reasons, reasons),
  usages: array(option(usages, { nil: undefined }), { minLength: 7, maxLength: 7 }),
  id: option(constantFrom('R1', 'hAmNaZb8BZOX4_UPlNXoEA'), { nil: undefined }),
  late: boolean(),
}).map(({ pieces, reasons, usages, id, late }) => {
  const indices = [...new Set([0, ...pieces.flat().map(({ index }) => index)])]
  const said = pieces.map((event) =>
    event.map(({ index, parts }): Candidate => ({ index, content: { role: 'model', parts } })),
  )
  const ends = indices.map((index): Candidate => ({ index, finishReason: reasons[index] }))
  const events = late ? [...said, ends] : [...said.slice(0, -1), [...(said.at(-1) ?? []), ...ends]]
  return events.map((candidates, at) => ({
    candidates,
    ...(usages[at] && { usageMetadata: usages[at] }),
    ...(id !== undefined && { responseId: id }),
  }))
})

/** Text that begins with a word: white space after a closing tag is the tag's. */
const turns: Arbitrary<Part> = tuple(constantFrom('a', 'é', '👩‍👩‍👧'), words, boolean()).map(
  ([first, rest, thought]) => ({
    text: first + rest.replaceAll('<', '('),
    ...(thought && { thought }),
  }),
)

/** Neighbours of one kind are one part. */
function alternate(turns: Part[]): Part[] {
  const { candidates } = merge([eventOf([]), ...turns.map((part) => eventOf([part]))])
  return candidates?.[0]?.content?.parts ?? []
}

function eventOf(parts: Part[], finishReason?: string): GenerateContentResponse {
  const content = { role: 'model', parts }
  return { candidates: [{ content, ...(finishReason && { finishReason }) }] }
}

function stream(events: GenerateContentResponse[], options: AnswerOptions): ChatChunk[] {
  const machine = new ChatStream(head, options)
  return [...events.flatMap((event) => machine.push(event)), ...machine.finish()]
}

function afterwards(events: GenerateContentResponse[]): ChatStream {
  const machine = new ChatStream(head, optionsFor('nowhere', false))
  for (const event of events) machine.push(event)
  return machine
}

function message(chunks: ChatChunk[]): Record<string, unknown> {
  return JSON.parse(JSON.stringify(accumulate(chunks))).choices[0].message
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

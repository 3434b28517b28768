import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApiError } from '../../../src/errors.ts'
import { chatRequest, toGemini } from '../../../src/translate/chat/request.ts'
import type { Circumstances } from '../../../src/translate/chat/request.ts'
import { examples } from '../../support/laws.ts'
import { googleRequest } from '../../support/openai-contract.ts'
import { isRecord, withShared } from '../../support/shared.ts'
import { jsonSchema } from '../schemas.ts'
import { frozen, orRefusal, sent, translated, within } from '../translated.ts'
import { history } from './histories.ts'

const circumstances = fc.record({
  provider: fc.constantFrom('vertex' as const, 'gemini' as const),
  model: fc.constantFrom(
    'gemini-2.0-flash',
    'gemini-2.5-flash',
    'gemini-3-flash-preview',
    'gemini-3.8-flash',
    'gemini-2.5-flash-image',
    'gemini-2.5-flash-preview-tts',
    'gemma-3-27b-it',
  ),
})

function attempt(body: unknown, to: Pick<Circumstances, 'provider' | 'model'>) {
  return orRefusal(() =>
    within(15_000, () => {
      const translation = toGemini(body, {
        ...to,
        thoughts: 'reasoning_content',
        remembered: new Map(),
      })
      JSON.stringify(translation.request)
      return translation
    }),
  )
}

/** Parameters as clients send them, right and nearly right. */
const parameters = fc.record(
  {
    temperature: fc.constantFrom(0, 1, 2, null),
    top_p: fc.constantFrom(0, 0.5, 1),
    top_k: fc.constantFrom(1, 40),
    n: fc.constantFrom(1, 2, 8, null),
    max_tokens: fc.constantFrom(1, 100),
    stop: fc.constantFrom('x', ['a', ''], null),
    seed: fc.integer(),
    presence_penalty: fc.constantFrom(-2, 0, 2),
    logprobs: fc.constantFrom(true, null),
    reasoning_effort: fc.constantFrom('none', 'low', 'max', null),
    modalities: fc.constantFrom(['text'], ['text', 'image'], ['text', 'audio'], null),
    audio: fc.constantFrom({ voice: 'alloy', format: 'wav' }, { voice: { id: 'Kore' } }),
    service_tier: fc.constantFrom('auto', 'flex', 'priority', 'scale'),
    parallel_tool_calls: fc.boolean(),
    response_format: fc.oneof(
      fc.constantFrom({ type: 'text' }, { type: 'json_object' }, { type: 'text/x.enum' }),
      jsonSchema.map((schema) => ({ type: 'json_schema', json_schema: { name: 'x', schema } })),
    ),
    tools: fc.array(
      fc.oneof(
        fc
          .tuple(fc.constantFrom('f', 'g', 'read file', '1st'), fc.option(jsonSchema))
          .map(([name, parameters]) => ({ type: 'function', function: { name, parameters } })),
        fc.constant({ type: 'custom', custom: { name: 'code' } }),
      ),
      { maxLength: 3 },
    ),
    tool_choice: fc.constantFrom('auto', 'none', 'required', 'validated', {
      type: 'function',
      function: { name: 'f' },
    }),
    extra_body: fc.constantFrom(
      null,
      { google: { thinking_config: { include_thoughts: true }, thought_tag_marker: 'think' } },
      { google: { tools: [{ url_context: {} }], labels: { a: 'b' } } },
      { google: { media_resolution: 'low', generation_config: { top_k: 3, nonsense: 1 } } },
      {
        google: { safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', method: 'SEVERITY' }] },
      },
      { google: { cached_content: 'cachedContents/1', stream_function_call_arguments: true } },
    ),
    messages: history,
  },
  { requiredKeys: ['messages'] },
)

const body = parameters.map((given) => ({ model: 'm', ...given }))

describe('any request', () => {
  it('is translated or refused with 400, and never changed', () => {
    fc.assert(
      fc.property(body, circumstances, (given, to) => {
        attempt(frozen(given), to)
      }),
      examples(20),
    )
  })

  it('is translated or refused with 400, whatever JSON stands in its fields', () => {
    const keys = [...Object.keys(chatRequest.shape), '__proto__', 'constructor', 'invented']
    const spoilt = fc.tuple(body, fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()))
    fc.assert(
      fc.property(spoilt, circumstances, ([given, spoil], to) => {
        attempt(frozen({ ...given, ...spoil }), to)
      }),
      examples(30),
    )
  })

  it('is translated or refused with 400, whatever JSON stands somewhere inside it', () => {
    fc.assert(
      fc.property(
        body,
        fc.infiniteStream(fc.nat()),
        fc.jsonValue(),
        circumstances,
        (given, at, value, to) => {
          attempt(frozen(replacedSomewhere(given, at, value)), to)
        },
      ),
      examples(40),
    )
  })

  it('is refused where it is any other JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), circumstances, (given, to) => {
        assert.ok(attempt(given, to) instanceof ApiError)
      }),
      examples(30),
    )
  })
})

/** One value, some way down, gives way to another. */
function replacedSomewhere(inside: unknown, at: Iterator<number>, value: unknown): unknown {
  const keys = typeof inside === 'object' && inside !== null ? Object.keys(inside) : []
  const turn = Number(at.next().value)
  const key = keys[turn % (keys.length + 1)]
  if (key === undefined) return value
  if (Array.isArray(inside)) {
    return inside.with(Number(key), replacedSomewhere(inside[Number(key)], at, value))
  }
  return isRecord(inside) ? { ...inside, [key]: replacedSomewhere(inside[key], at, value) } : value
}

describe(
  'any request that is sent',
  withShared(() => {
    it('passes the contract of its backend', () => {
      fc.assert(
        fc.property(body, circumstances, (given, to) => {
          const translation = attempt(given, to)
          if (translation instanceof ApiError) return
          const contract = googleRequest[to.provider === 'vertex' ? 'vertex' : 'gemini-api']
          const wire = JSON.stringify(translation.request, (key, value) =>
            // Google's contract has a word here where its documentation has an object.
            key === 'mediaResolution' && isRecord(value) ? undefined : value,
          )
          assert.deepEqual(contract(JSON.parse(wire)), [], wire)
        }),
        examples(25),
      )
    })
  }),
)

function historyWith(args: string): object {
  return {
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: args } }] },
    ],
  }
}

describe('arguments in a history', () => {
  const bombs: Record<string, string> = {
    'nested a hundred thousand times': `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    'nested as often, with a big number': `${'{"a":'.repeat(100_000)}12345678901234567890${'}'.repeat(100_000)}`,
    'with a million escapes and no end': `{"a":"${'\\"'.repeat(1_000_000)}`,
    'with a million quotes and no end': `{"a":${'"'.repeat(1_000_001)}`,
    'with a million commas': `{"a":[${', '.repeat(1_000_000)}`,
    'with a comma and a million spaces': `{"a":1,${' '.repeat(1_000_000)}`,
    'with a string of ten million letters and a small fault': `{"a":"${'x'.repeat(10_000_000)}",}`,
  }

  for (const [name, args] of Object.entries(bombs)) {
    it(`are read or refused soon: ${name}`, () => {
      within(3000, () => orRefusal(() => JSON.stringify(translated(historyWith(args)).request)))
    })
  }
})

describe('what goes with a request', () => {
  it('is what its answer must be read with', () => {
    const { answer } = translated({
      stream_options: { include_usage: true },
      parallel_tool_calls: false,
      logprobs: true,
      top_logprobs: 2,
      tools: [
        { type: 'function', function: { name: '1st' } },
        { type: 'custom', custom: { name: 'code' } },
      ],
      audio: { voice: 'alloy', format: 'pcm16' },
      extra_body: {
        google: { thinking_config: { include_thoughts: true }, thought_tag_marker: 'think' },
      },
    })
    assert.deepEqual(answer.thoughts, { to: 'tags', marker: 'think' })
    assert.deepEqual(
      [answer.includeUsage, answer.single, answer.legacy, answer.topLogprobs, answer.audioFormat],
      [true, true, false, 2, 'pcm16'],
    )
    assert.deepEqual([...answer.custom], ['code'])
    assert.equal(answer.names.toClient('_1st'), '1st')
  })

  it('is no word of thoughts that nobody asked for', () => {
    assert.deepEqual(translated({}).answer.thoughts, { to: 'nowhere' })
    assert.deepEqual(translated({ reasoning_effort: 'high' }).answer.thoughts, { to: 'nowhere' })
    const hidden = { google: { thought_tag_marker: 'think' } }
    assert.deepEqual(translated({ extra_body: hidden }).answer.thoughts, { to: 'nowhere' })
  })

  it('is where thoughts go that have no marker', () => {
    const extra_body = { google: { thinking_config: { include_thoughts: true } } }
    assert.deepEqual(translated({ extra_body }).answer.thoughts, { to: 'reasoning_content' })
  })

  it('is that the client speaks of functions', () => {
    assert.equal(translated({ functions: [{ name: 'f' }] }).answer.legacy, true)
  })
})

describe('a request in Gemini’s words', () => {
  it('has no member that says nothing', () => {
    assert.deepEqual(sent({}), { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] })
  })
})

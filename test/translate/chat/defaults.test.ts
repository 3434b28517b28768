import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withDefaults } from '../../../src/translate/chat/defaults.ts'

const budget = { thinking_config: { thinking_budget: 5, include_thoughts: true } }

describe('a default', () => {
  const table: [what: string, body: object, defaults: Record<string, unknown>, filled: object][] = [
    ['is filled in where nothing is said', { a: 1 }, { temperature: 0 }, { a: 1, temperature: 0 }],
    ['and where null is said', { temperature: null }, { temperature: 0 }, { temperature: 0 }],
    [
      'is silent where something is said',
      { temperature: 0 },
      { temperature: 1 },
      { temperature: 0 },
    ],
    [
      'is silent where the same is said in another word of OpenAI’s',
      { max_tokens: 1, functions: [], function_call: 'none' },
      { max_completion_tokens: 2, tools: [{}], tool_choice: 'auto' },
      { max_tokens: 1, functions: [], function_call: 'none' },
    ],
    [
      'and in one of Google’s',
      { extra_body: { google: { generation_config: { temperature: 1, maxOutputTokens: 1 } } } },
      { temperature: 0, max_completion_tokens: 2 },
      { extra_body: { google: { generation_config: { temperature: 1, maxOutputTokens: 1 } } } },
    ],
    [
      'of the effort is silent where a budget is given',
      { google: budget },
      { reasoning_effort: 'low' },
      { google: budget },
    ],
    [
      'of the effort stands beside whether thoughts are shown',
      { extra_body: { google: { thinking_config: { include_thoughts: true } } } },
      { reasoning_effort: 'low' },
      {
        extra_body: { google: { thinking_config: { include_thoughts: true } } },
        reasoning_effort: 'low',
      },
    ],
    [
      'of Google’s is filled in beside what the client says there, in whatever case',
      { google: { thinkingConfig: { thinkingBudget: 1 } } },
      { google: { ...budget, labels: { a: 'b' } } },
      {
        google: {
          thinkingConfig: { thinkingBudget: 1, includeThoughts: true },
          labels: { a: 'b' },
        },
      },
    ],
    [
      'of Google’s says how long to think only where no effort is given',
      { reasoning_effort: 'high' },
      { google: budget },
      { reasoning_effort: 'high', google: { thinkingConfig: { includeThoughts: true } } },
    ],
    [
      'of Google’s is silent where OpenAI’s word for it is said',
      { temperature: 0, response_format: { type: 'json_object' } },
      { google: { generation_config: { temperature: 1, seed: 2 }, response_schema: {} } },
      {
        temperature: 0,
        response_format: { type: 'json_object' },
        google: { generationConfig: { seed: 2 } },
      },
    ],
  ]
  for (const [what, body, defaults, filled] of table) {
    it(what, () => assert.deepEqual(withDefaults(body, defaults), filled))
  }

  it('leaves the body as it was', () => {
    const body = Object.freeze({ a: 1 })
    assert.notEqual(withDefaults(body, { b: 2 }), body)
    assert.deepEqual(body, { a: 1 })
  })

  it('makes no object of what is none', () => {
    for (const body of [undefined, null, 'x', []]) {
      assert.equal(withDefaults(body, { a: 1 }), body)
    }
  })
})

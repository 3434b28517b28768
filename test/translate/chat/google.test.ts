import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { readExtraContent, toCamel, toSnake } from '../../../src/translate/chat/google.ts'
import { sent } from '../translated.ts'

describe('keys', () => {
  it('may be written either way', () => {
    assert.deepEqual(toCamel({ thinking_config: { include_thoughts: true } }), {
      thinkingConfig: { includeThoughts: true },
    })
  })

  it('go to camelCase and back', () => {
    const word = fc.stringMatching(/^[a-z]{1,5}$/)
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const snake = words.join('_')
        const [camel = ''] = Object.keys(Object(toCamel({ [snake]: 1 })))
        assert.equal(toSnake(camel), snake)
      }),
    )
  })

  it('of somebody else’s vocabulary stay as they are', () => {
    const tools = [
      {
        function_declarations: [
          { name: 'f', parameters_json_schema: { type: 'object', properties: { my_key: {} } } },
        ],
      },
    ]
    assert.deepEqual(sent({ extra_body: { google: { tools } } }).tools, [
      {
        functionDeclarations: [
          { name: 'f', parametersJsonSchema: { type: 'object', properties: { my_key: {} } } },
        ],
      },
    ])
  })

  it('of labels stay as they are', () => {
    const { labels } = sent({ extra_body: { google: { labels: { my_team: 'a_b' } } } })
    assert.deepEqual(labels, { my_team: 'a_b' })
  })
})

describe('extras for one wire', () => {
  const google = {
    labels: { a: 'b' },
    model_armor_config: { prompt_template_name: 'p' },
    audio_timestamp: true,
    include_server_side_tool_invocations: true,
    stream_function_call_arguments: true,
  }
  const tools = [{ type: 'function', function: { name: 'f' } }]

  it('reach Vertex AI', () => {
    const request = sent({ tools, extra_body: { google } }, { model: 'gemini-3-flash-preview' })
    assert.deepEqual(request.labels, { a: 'b' })
    assert.deepEqual(request.modelArmorConfig, { promptTemplateName: 'p' })
    assert.deepEqual(request.generationConfig, { audioTimestamp: true })
    assert.deepEqual(request.toolConfig, {
      functionCallingConfig: { streamFunctionCallArguments: true },
    })
  })

  it('reach the Developer API', () => {
    const to = { model: 'gemini-3-flash-preview', provider: 'gemini' } as const
    const request = sent({ tools, extra_body: { google } }, to)
    assert.deepEqual(Object.keys(request).toSorted(), ['contents', 'toolConfig', 'tools'])
    assert.deepEqual(request.toolConfig, { includeServerSideToolInvocations: true })
  })
})

describe('a native generation config', () => {
  it('sets what Gemini knows, and nothing else', () => {
    const generation_config = { temperature: 0.5, max_output_tokens: 7, invented: 1 }
    const { generationConfig } = sent({ extra_body: { google: { generation_config } } })
    assert.deepEqual(generationConfig, { temperature: 0.5, maxOutputTokens: 7 })
  })
})

describe('extra content', () => {
  it('may be signed in either spelling, by either name', () => {
    const ways = [
      { extra_content: { google: { thought_signature: 'U2ln' } } },
      { extra_content: { google: { thoughtSignature: 'U2ln' } } },
      { extra_content: { vertex: { thought_signature: 'U2ln' } } },
      { extra_part: { google: { thought_signature: 'U2ln' } } },
    ]
    for (const way of ways) assert.deepEqual(readExtraContent(way), { signature: 'U2ln' })
  })

  it('that is something else says nothing', () => {
    const ways = [
      null,
      5,
      'x',
      [],
      {},
      { google: 5 },
      { google: { thought: 'yes' } },
      { anthropic: { thought_signature: 'U2ln' } },
    ]
    for (const extra_content of ways) assert.deepEqual(readExtraContent({ extra_content }), {})
  })

  it('keeps no signature that is no base64', () => {
    for (const thought_signature of ['', 'a b', 'ü', 5, null, {}]) {
      assert.deepEqual(readExtraContent({ extra_content: { google: { thought_signature } } }), {})
    }
  })
})

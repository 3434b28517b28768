import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sent } from '../translated.ts'

const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } }
const tools = [{ type: 'function', function: { name: 'f' } }]

describe('a JSON answer beside functions', () => {
  it('is asked for in words of models before 3, with its schema', () => {
    const { systemInstruction, generationConfig } = sent({ response_format, tools })
    assert.equal(generationConfig, undefined)
    assert.match(systemInstruction?.parts[0]?.text ?? '', /JSON/)
    assert.ok(systemInstruction?.parts[0]?.text?.includes(JSON.stringify(schema)))
  })

  it('is asked for in words without a schema too', () => {
    const request = { response_format: { type: 'json_object' }, tools }
    assert.match(sent(request).systemInstruction?.parts[0]?.text ?? '', /JSON/)
  })

  it('is held to its schema from Gemini 3 on', () => {
    const request = sent({ response_format, tools }, { model: 'gemini-3-flash-preview' })
    assert.deepEqual(request.generationConfig?.responseJsonSchema, schema)
    assert.equal(request.systemInstruction, undefined)
  })

  it('is no matter where there are no functions after all', () => {
    const request = sent({ response_format, tools: [] })
    assert.deepEqual(request.generationConfig?.responseJsonSchema, schema)
  })

  it('is asked for where the model hears instructions', () => {
    const request = sent(
      { response_format, tools },
      { model: 'gemma-3-27b-it', provider: 'gemini' },
    )
    assert.equal(request.systemInstruction, undefined)
    assert.match(JSON.stringify(request.contents), /JSON/)
  })
})

describe('a format', () => {
  it('does not say its name to Gemini, nor that it is strict', () => {
    const strict = { name: 'secret_name', strict: true, description: 'd', schema }
    const wire = JSON.stringify(
      sent({ response_format: { type: 'json_schema', json_schema: strict } }),
    )
    assert.ok(!wire.includes('secret_name') && !wire.includes('strict'))
  })

  it('may be a mime type with a schema', () => {
    const { generationConfig } = sent({
      response_format: { type: 'application/json', schema },
    })
    assert.deepEqual(generationConfig, {
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    })
  })
})

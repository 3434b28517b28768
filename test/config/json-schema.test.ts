import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { readConfigFile } from '../../src/config/file.ts'
import { toFileSchema } from '../../src/config/json-schema.ts'
import { configFile } from '../../src/config/schema.ts'

const docs = join(import.meta.dirname, '..', '..', 'docs')
const schema: object = JSON.parse(readFileSync(join(docs, 'config.schema.json'), 'utf8'))
const example = readFileSync(join(docs, 'config.example.yaml'), 'utf8')
const validate = new Ajv2020({ validateFormats: false, allowUnionTypes: true }).compile(schema)

describe('docs/config.schema.json', () => {
  it('is what `npm run check-config -- --schema` writes', () => {
    assert.deepEqual(schema, toFileSchema())
  })

  it('takes variables wherever a string or a number may be', () => {
    const key = {
      name: '${NAME}',
      sha256: '${HASH}',
      requests_per_minute: '${RPM}',
      expires: '${D}',
    }
    assert.ok(validate({ keys: [key] }), JSON.stringify(validate.errors))
  })

  for (const wrong of [
    { pices: {} },
    { models: { a: 3 } },
    { keys: [{ name: 'a', rpm: 1 }] },
    { keys: [{ name: 'a', requests_per_minute: 'many' }] },
    { prices: { a: { input: -1, output: 1 } } },
  ]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => assert.ok(!validate(wrong)))
  }
})

describe('docs/config.example.yaml', () => {
  it('is valid in editors and here', () => {
    assert.ok(validate(parse(example)), JSON.stringify(validate.errors))
    const file = readConfigFile(join(docs, 'config.example.yaml'), { WEB_KEY: 'sk-web' })
    assert.deepEqual(file.mistakes, [])
    const google = {
      vertex: { project: 'p', location: 'global', otherLocations: [], baseUrl: undefined },
      gemini: { apiKeys: ['k'], baseUrl: 'https://example' },
      preferred: 'vertex' as const,
      endpoints: [],
      emulated: false,
    }
    const at = { url: 'http://h', apiKey: undefined }
    const endpoints = ['gemma', 'local'].map((name) => ({ name, model: undefined, at }))
    assert.deepEqual(file.judge({ ...google, endpoints }), { mistakes: [], warnings: [] })
  })

  it('lets nobody in who has read it', () => {
    const { mistakes } = readConfigFile(join(docs, 'config.example.yaml'), {})
    assert.deepEqual(mistakes, [
      'keys[1].key (line 70): The variable WEB_KEY is not set. Set it, or give a default: ${NAME:-…}.',
    ])
  })

  it('has every key that there is', () => {
    const known = new Set(namesIn(configFile))
    assert.ok(known.has('requests_per_minute') && known.has('api_key') && known.has('cached_input'))
    for (const name of known) assert.match(example, new RegExp(`\\b${name}:`), name)
  })
})

/** The names of all members that the JSON Schema knows. */
function namesIn(of: typeof configFile): string[] {
  const names: string[] = []
  JSON.stringify(toFileSchema(), (key, value: unknown) => {
    if (key === 'properties' && typeof value === 'object' && value !== null) {
      names.push(...Object.keys(value))
    }
    return value
  })
  assert.ok(names.length > Object.keys(of.shape).length)
  return names
}

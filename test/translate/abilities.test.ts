import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { abilities, isGoogleModel, listedModels } from '../../src/translate/abilities.ts'
import type { Abilities } from '../../src/translate/abilities.ts'

function have(ability: keyof Abilities, models: string[]): unknown[] {
  return models.map((model) => abilities(model)[ability])
}

describe('abilities', () => {
  it('of Gemini 2.0 are an OpenAPI schema and no thinking', () => {
    const { schema, thinking } = abilities('gemini-2.0-flash')
    assert.deepEqual({ schema, thinking }, { schema: 'openapi', thinking: { by: 'nothing' } })
  })

  it('from Gemini 2.5 on are JSON Schema', () => {
    const models = ['gemini-2.5-pro', 'gemini-3-pro-preview', 'gemini-3.8-flash', 'gemini-5-flash']
    assert.deepEqual(new Set(have('schema', models)), new Set(['json-schema']))
  })

  it('from Gemini 3 on are checked signatures, media on parts and one candidate', () => {
    const older = ['gemini-2.0-flash', 'gemini-2.5-pro', 'gemini-2.5-flash-lite']
    const newer = ['gemini-3-flash-preview', 'gemini-3.1-pro-preview', 'gemini-3.8-flash']
    assert.deepEqual(have('signatures', older), [false, false, false])
    assert.deepEqual(have('signatures', newer), [true, true, true])
    assert.deepEqual(have('mediaResolution', older), ['request', 'request', 'request'])
    assert.deepEqual(have('mediaResolution', newer), ['part', 'part', 'part'])
    assert.deepEqual(have('candidates', newer), [false, false, false])
  })

  it('from 3.5 Flash-Lite and 3.6 Flash on are neither sampling nor prefill', () => {
    const still = [
      'gemini-2.5-flash',
      'gemini-3-flash-preview',
      'gemini-3.1-pro-preview',
      'gemini-3.5-flash',
    ]
    const gone = [
      'gemini-3.5-flash-lite',
      'gemini-3.6-flash',
      'gemini-3.7-flash',
      'gemini-3.8-flash',
    ]
    for (const ability of ['sampling', 'prefill'] as const) {
      assert.deepEqual(have(ability, still), [true, true, true, true])
      assert.deepEqual(have(ability, gone), [false, false, false, false])
    }
  })

  it('of a generation that does not exist yet are the newest', () => {
    assert.deepEqual(abilities('gemini-9-ultra'), abilities('gemini-3.8-flash'))
    assert.deepEqual(abilities('gemini-flash-latest'), abilities('gemini-3.8-flash'))
  })

  it('are not told from a date in the name', () => {
    assert.deepEqual(abilities('gemini-2.5-pro-preview-03-25'), abilities('gemini-2.5-pro'))
    assert.deepEqual(abilities('gemini-2.0-flash-001'), abilities('gemini-2.0-flash'))
  })

  it('of Gemma are no system instruction', () => {
    assert.equal(abilities('gemma-3-27b-it').systemInstruction, false)
  })

  it('are one table for one model, however often it is asked', () => {
    assert.equal(abilities('gemini-2.5-pro'), abilities('gemini-2.5-pro'))
  })
})

describe('a model of Google’s own families', () => {
  it('is known by its name', () => {
    const names = [...listedModels, 'gemini-flash-latest', 'gemma-3-27b-it', 'learnlm-2.0-flash']
    assert.deepEqual(
      names.filter((name) => !isGoogleModel(name)),
      [],
    )
  })

  it('has no path in its name', () => {
    const names = [
      'gpt-4o',
      'gemini',
      'gemini-',
      'gemini-2.5/../x',
      'gemini-2.5-pro:x',
      'my-gemini-2',
      '',
    ]
    assert.deepEqual(names.filter(isGoogleModel), [])
  })
})

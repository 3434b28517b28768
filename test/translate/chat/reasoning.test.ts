import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sent } from '../translated.ts'

const efforts = [undefined, 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** Per model, what each effort becomes: no word, a number of tokens, or a level. */
const table: Record<string, (number | string | undefined)[]> = {
  'gemini-2.5-pro': [undefined, 128, 1024, 1024, 8192, 24576, 32768, 32768],
  'gemini-2.5-flash': [undefined, 0, 1024, 1024, 8192, 24576, 24576, 24576],
  'gemini-2.5-flash-lite': [undefined, 0, 1024, 1024, 8192, 24576, 24576, 24576],
  'gemini-2.5-flash-preview-09-2025': [undefined, 0, 1024, 1024, 8192, 24576, 24576, 24576],
  'gemini-3-pro-preview': [undefined, 'LOW', 'LOW', 'LOW', 'HIGH', 'HIGH', 'HIGH', 'HIGH'],
  'gemini-3.1-pro-preview': [undefined, 'LOW', 'LOW', 'LOW', 'MEDIUM', 'HIGH', 'HIGH', 'HIGH'],
  'gemini-3-flash-preview': fromMinimal(),
  'gemini-3.1-flash-lite': fromMinimal(),
  'gemini-3.5-flash-lite': fromMinimal(),
  'gemini-3.5-flash': fromMinimal(),
  'gemini-3.6-flash': fromMinimal(),
  'gemini-3.7-flash': fromLow(),
  'gemini-3.8-flash': fromLow(),
  'gemini-3.9-flash': fromLow(),
  'gemini-4-pro': fromLow(),
  'gemini-flash-latest': fromLow(),
  'gemini-2.0-flash': efforts.map(() => undefined),
  'gemini-2.0-flash-lite': efforts.map(() => undefined),
  'gemma-3-27b-it': efforts.map(() => undefined),
}

function fromMinimal() {
  return [undefined, 'MINIMAL', 'MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'HIGH', 'HIGH']
}

function fromLow() {
  return [undefined, 'LOW', 'LOW', 'LOW', 'MEDIUM', 'HIGH', 'HIGH', 'HIGH']
}

describe('reasoning_effort', () => {
  for (const [model, amounts] of Object.entries(table)) {
    it(`is what ${model} has of it`, () => {
      for (const provider of ['vertex', 'gemini'] as const) {
        const heard = efforts.map((reasoning_effort) => {
          const { generationConfig } = sent({ reasoning_effort }, { provider, model })
          const { thinkingBudget, thinkingLevel } = generationConfig?.thinkingConfig ?? {}
          return thinkingBudget ?? thinkingLevel
        })
        assert.deepEqual(heard, amounts)
      }
    })

    it(`never shows the thoughts of ${model}, and never gives it both a budget and a level`, () => {
      for (const reasoning_effort of efforts) {
        const { thinkingConfig = {} } = sent({ reasoning_effort }, { model }).generationConfig ?? {}
        assert.notEqual(thinkingConfig.includeThoughts, true)
        assert.ok(!('thinkingBudget' in thinkingConfig && 'thinkingLevel' in thinkingConfig))
      }
    })
  }
})

function levelsOf(model: string) {
  return ['minimal', 'low', 'MEDIUM', 'high'].map((thinking_level) => {
    const extra_body = { google: { thinking_config: { thinking_level } } }
    return sent({ extra_body }, { model }).generationConfig?.thinkingConfig
  })
}

describe('thinking_level', () => {
  it('is written in capitals', () => {
    assert.deepEqual(
      levelsOf('gemini-3-flash-preview'),
      ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'].map((thinkingLevel) => ({ thinkingLevel })),
    )
  })

  it('becomes a budget where the model knows no levels', () => {
    assert.deepEqual(
      levelsOf('gemini-2.5-flash'),
      [1024, 1024, 8192, 24576].map((thinkingBudget) => ({ thinkingBudget })),
    )
  })
})

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, startClients } from '../client.ts'

const { emulator, developer } = await startClients()
after(() => emulator.close())

const flash = 'gemini-2.5-flash'
const newest = 'gemini-3.8-flash'

describe('thinking', () => {
  for (const [model, config, message] of [
    [
      'gemini-2.0-flash',
      { includeThoughts: true },
      /^Thinking is not enabled for models\/gemini-2.0-flash/,
    ],
    [flash, { thinkingLevel: 'LOW' }, /^Thinking level is not supported for this model\.$/],
    [
      newest,
      { thinkingLevel: 'MINIMAL' },
      /^Thinking level MINIMAL is not supported for this model\./,
    ],
    [
      'gemini-3-pro-preview',
      { thinkingLevel: 'MEDIUM' },
      /^Thinking level MEDIUM is not supported/,
    ],
    [
      newest,
      { thinkingLevel: 'LOW', thinkingBudget: 1 },
      /^You can only set only one of thinking budget/,
    ],
    [
      'gemini-2.5-pro',
      { thinkingBudget: 0 },
      /^Budget 0 is invalid\. This model only works in thinking mode/,
    ],
    [
      'gemini-2.5-pro',
      { thinkingBudget: 64 },
      /^The thinking budget 64 is invalid.* between 128 and 32768/,
    ],
    [flash, { thinkingBudget: 30000 }, /between 0 and 24576\.$/],
    ['gemini-2.5-flash-lite', { thinkingBudget: 100 }, /between 512 and 24576\.$/],
    ['gemini-3.6-flash', { thinkingBudget: 0 }, /^Budget 0 is invalid/],
  ] as const) {
    it(`of ${JSON.stringify(config)} is refused by ${model}`, async () => {
      assert.match((await developer.refusal(model, thinking(config))).message, message)
    })
  }

  it('is taken where the model can do it', async () => {
    await developer.whole(flash, thinking({ thinkingBudget: 0 }))
    await developer.whole(flash, thinking({ thinkingBudget: -1 }))
    await developer.whole('gemini-3-flash-preview', thinking({ thinkingLevel: 'MINIMAL' }))
    await developer.whole('gemini-3-pro-preview', thinking({ thinkingBudget: 1024 }))
  })
})

function thinking(thinkingConfig: object) {
  return asking('Hi', { generationConfig: { thinkingConfig } })
}

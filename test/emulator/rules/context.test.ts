import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, startClients } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

describe('a prompt', () => {
  // Four letters are a token.
  const longest = asking('word'.repeat(8192))
  const tooLong = asking(`${'word'.repeat(8192)}!`)
  const speech = { generationConfig: { responseModalities: ['AUDIO'] } }

  it('may fill what a model reads', async () => {
    await developer.whole('gemini-2.5-flash-preview-tts', { ...longest, ...speech })
  })

  it('may not be longer', async () => {
    const here = await developer.refusal('gemini-2.5-flash-preview-tts', { ...tooLong, ...speech })
    assert.equal(
      here.message,
      'The input token count (8193) exceeds the maximum number of tokens allowed (8192).',
    )
    assert.equal(here.status, 'INVALID_ARGUMENT')
    const there = await vertex.refusal('gemini-2.5-flash-preview-tts', { ...tooLong, ...speech })
    assert.match(
      there.message,
      /^Unable to submit request because the input token count is 8193 but model only supports up to 8192\. /,
    )
  })

  it('may be a million tokens long where the model reads so many', async () => {
    await developer.whole('gemini-2.5-flash', asking('word'.repeat(1_048_576)))
    const { message } = await developer.refusal(
      'gemini-2.5-flash',
      asking('word'.repeat(1_048_577)),
    )
    assert.match(message, /\(1048577\) exceeds .* \(1048576\)/)
  })
})

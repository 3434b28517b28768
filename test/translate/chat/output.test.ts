import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sent } from '../translated.ts'

const config = (request: object, model?: string) =>
  sent(request, model === undefined ? {} : { model }).generationConfig

describe('modalities', () => {
  it('are written in capitals', () => {
    const { responseModalities } = config({ modalities: ['text', 'image'] }) ?? {}
    assert.deepEqual(responseModalities, ['TEXT', 'IMAGE'])
  })

  it('of models for pictures and for speech are their own', () => {
    const models = [
      'gemini-2.5-flash-image',
      'gemini-3-pro-image-preview',
      'gemini-3.1-flash-image',
      'gemini-2.5-flash-preview-tts',
      'gemini-2.5-flash',
    ]
    assert.deepEqual(
      models.map((model) => config({}, model)?.responseModalities),
      [['TEXT', 'IMAGE'], ['TEXT', 'IMAGE'], ['TEXT', 'IMAGE'], ['AUDIO'], undefined],
    )
  })
})

function voiceOf(voice: unknown) {
  const request = { modalities: ['audio'], audio: { voice } }
  return config(request, 'gemini-2.5-flash-preview-tts')?.speechConfig
}

describe('a voice', () => {
  it('of OpenAI is one of Gemini', () => {
    const names = 'alloy ash ballad coral echo fable nova onyx sage shimmer verse marin cedar'
    const voices = names.split(' ').map((name) => JSON.stringify(voiceOf(name)))
    assert.equal(new Set(voices).size, voices.length)
    for (const [at, name] of names.split(' ').entries())
      assert.ok(!voices[at]?.includes(`"${name}"`))
  })

  it('of Gemini, or of nobody we know, stays', () => {
    for (const name of ['Kore', 'Zubenelgenubi', 'constructor', 'toString']) {
      const speech = { voiceConfig: { prebuiltVoiceConfig: { voiceName: name } } }
      assert.deepEqual(voiceOf(name), speech)
      assert.deepEqual(voiceOf({ id: name }), speech)
    }
  })

  it('is not asked for where nothing is to be heard', () => {
    assert.equal(config({ audio: { voice: 'alloy', format: 'mp3' } }), undefined)
  })
})

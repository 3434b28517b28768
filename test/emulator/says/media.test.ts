import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { inflateSync } from 'node:zlib'
import { asking, finishOf, partsOf, startClients } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const modalities = (...responseModalities: string[]) => ({
  generationConfig: { responseModalities },
})

describe('an image', () => {
  it('is a PNG of one colour', async () => {
    const body = asking('A red square', modalities('IMAGE'))
    const [image] = partsOf([await developer.whole('gemini-2.5-flash-image', body)])
    assert.equal(image?.inlineData?.mimeType, 'image/png')
    const bytes = Buffer.from(image?.inlineData?.data ?? '', 'base64')
    assert.equal(bytes.subarray(1, 4).toString(), 'PNG')
    const at = bytes.indexOf('IDAT')
    const pixels = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)))
    assert.equal(pixels.length, 16 * (1 + 16 * 3))
    assert.deepEqual(pixels.subarray(1, 4), pixels.subarray(4, 7))
  })

  it('comes with text if that is asked for, and with a signature since Gemini 3', async () => {
    const body = asking('A red square', modalities('TEXT', 'IMAGE'))
    for (const client of [developer, vertex]) {
      const [text, image] = partsOf([await client.whole('gemini-3.1-flash-image', body)])
      assert.ok(text?.text && text.thoughtSignature)
      assert.ok(image?.inlineData && image.thoughtSignature)
      const events = await client.streamed('gemini-3.1-flash-image', body)
      assert.equal(partsOf(events).filter(({ inlineData }) => inlineData).length, 1)
      assert.equal(finishOf(...events), 'STOP')
    }
  })

  it('counts as one', async () => {
    const { usageMetadata } = await vertex.whole('gemini-2.5-flash-image', asking('A square'))
    assert.deepEqual(usageMetadata.candidatesTokensDetails, [
      { modality: 'IMAGE', tokenCount: 1290 },
    ])
    assert.equal(usageMetadata.candidatesTokenCount, 1290)
  })

  it('is refused by models of text', async () => {
    const { message } = await developer.refusal(
      'gemini-2.5-flash',
      asking('A square', modalities('IMAGE')),
    )
    assert.match(
      message,
      /^The requested combination of response modalities \(IMAGE\) is not supported/,
    )
  })
})

describe('speech', () => {
  const model = 'gemini-2.5-flash-preview-tts'
  const body = asking(
    'Say cheerfully: have a wonderful day, all of you out there!',
    modalities('AUDIO'),
  )

  it('is 16-bit samples, whole or in pieces', async () => {
    const [sound, ...rest] = partsOf([await developer.whole(model, body)])
    assert.deepEqual(rest, [])
    assert.equal(sound?.inlineData?.mimeType, 'audio/L16;codec=pcm;rate=24000')
    const whole = Buffer.from(sound?.inlineData?.data ?? '', 'base64')
    assert.ok(whole.length > 24_000 && whole.length % 2 === 0)
    const pieces = partsOf(await developer.streamed(model, body)).map(({ inlineData }) =>
      Buffer.from(inlineData?.data ?? '', 'base64'),
    )
    assert.ok(pieces.length > 1)
    assert.ok(Buffer.concat(pieces).equals(whole))
  })

  it('is all its models make', async () => {
    const { message } = await developer.refusal(model, asking('Hi'))
    assert.match(message, /accepts the following combination of response modalities:\n\* AUDIO\n$/)
  })
})

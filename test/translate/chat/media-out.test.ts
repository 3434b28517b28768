import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toGemini } from '../../../src/translate/chat/request.ts'
import type { Delta } from '../../../src/translate/chat/response.ts'
import { ChatStream, collectWhole } from '../../../src/translate/chat/stream.ts'
import type { GenerateContentResponse } from '../../../src/translate/gemini.ts'

const head = { id: 'chatcmpl-1', created: 1763164273, model: 'asked' }

describe('sound', () => {
  it('is the bare samples in pcm16', () => {
    const { message } = whole('pcm16', [[1, 2, 3, 4]])
    assert.deepEqual([...bytesOf(message.audio)], [1, 2, 3, 4])
  })

  it('has the header of a WAV file in wav', () => {
    const { message } = whole('wav', [[1, 2, 3, 4, 5, 6]])
    const bytes = bytesOf(message.audio)
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    assert.equal(bytes.length, 44 + 6)
    assert.equal(bytes.toString('latin1', 0, 4), 'RIFF')
    assert.equal(view.getUint32(4, true), 36 + 6)
    assert.equal(bytes.toString('latin1', 8, 16), 'WAVEfmt ')
    assert.deepEqual(
      [view.getUint32(16, true), view.getUint16(20, true), view.getUint16(22, true)],
      [16, 1, 1],
    )
    assert.deepEqual([view.getUint32(24, true), view.getUint32(28, true)], [24000, 48000])
    assert.deepEqual([view.getUint16(32, true), view.getUint16(34, true)], [2, 16])
    assert.equal(bytes.toString('latin1', 36, 40), 'data')
    assert.equal(view.getUint32(40, true), 6)
    assert.deepEqual([...bytes.subarray(44)], [1, 2, 3, 4, 5, 6])
  })

  it('has one header though it comes in several parts', () => {
    const { message } = whole('wav', [
      [1, 2],
      [3, 4],
    ])
    const bytes = bytesOf(message.audio)
    assert.equal(bytes.length, 44 + 4)
    assert.equal(bytes.readUInt32LE(4), 36 + 4)
    assert.equal(bytes.readUInt32LE(40), 4)
    assert.deepEqual([...bytes.subarray(44)], [1, 2, 3, 4])
  })

  it('keeps the rate that Gemini names', () => {
    const { message } = whole('wav', [[1, 2]], 'audio/L16;codec=pcm;rate=16000')
    assert.equal(bytesOf(message.audio).readUInt32LE(24), 16000)
  })

  it('is joined byte by byte', () => {
    const { message } = whole('pcm16', [[1, 2], [3, 4], [5]])
    assert.equal(message.audio?.data, Buffer.from([1, 2, 3, 4, 5]).toString('base64'))
  })

  it('says its id first, its data bit by bit, and once how long it is kept', () => {
    const sounds = streamed('pcm16', [
      [1, 2],
      [3, 4],
    ])
    assert.ok(sounds[0]?.id?.startsWith('audio_'))
    assert.equal(sounds.filter(({ id }) => id !== undefined).length, 1)
    assert.deepEqual(
      sounds.flatMap(({ data }) => data ?? []),
      [
        [1, 2],
        [3, 4],
      ].map((samples) => Buffer.from(samples).toString('base64')),
    )
    assert.deepEqual(
      sounds.flatMap(({ expires_at }) => expires_at ?? []),
      [head.created + 3600],
    )
  })
})

describe('pictures', () => {
  it('are data URLs, counted over all events', () => {
    const machine = new ChatStream(head, optionsFor('gemini-3.1-flash-image', {}))
    const events = ['AAAA', 'BBBB'].map((data) =>
      eventOf([{ inlineData: { mimeType: 'image/webp', data } }]),
    )
    const images = events
      .flatMap((event) => machine.push(event))
      .flatMap(({ choices }) => choices[0]?.delta.images ?? [])
    assert.deepEqual(
      images.map(({ index, image_url }) => [index, image_url.url]),
      [
        [0, 'data:image/webp;base64,AAAA'],
        [1, 'data:image/webp;base64,BBBB'],
      ],
    )
  })

  it('that are thoughts show only where thoughts do', () => {
    const event = eventOf(
      [{ inlineData: { mimeType: 'image/png', data: 'AAAA' }, thought: true }],
      'STOP',
    )
    const asked = { extra_body: { google: { thinking_config: { include_thoughts: true } } } }
    const [hidden] = collectWhole(
      new ChatStream(head, { ...optionsFor('gemini-3.1-flash-image', {}), includeUsage: true }),
      event,
    ).choices
    const [shown] = collectWhole(
      new ChatStream(head, { ...optionsFor('gemini-3.1-flash-image', asked), includeUsage: true }),
      event,
    ).choices
    assert.equal(hidden?.message.images, undefined)
    assert.equal(shown?.message.images?.length, 1)
  })

  it('that are thoughts do not stand for an answer that was filtered', () => {
    const event = eventOf(
      [{ inlineData: { mimeType: 'image/png', data: 'AAAA' }, thought: true }],
      'IMAGE_SAFETY',
    )
    const [choice] = collectWhole(
      new ChatStream(head, { ...optionsFor('gemini-3.1-flash-image', {}), includeUsage: true }),
      event,
    ).choices
    assert.equal(choice?.message.refusal, 'The response was blocked (IMAGE_SAFETY).')
  })
})

function streamed(format: string, pieces: number[][]): NonNullable<Delta['audio']>[] {
  const machine = new ChatStream(head, speaking(format))
  const events = [...pieces.map((samples) => eventOf([sound(samples)])), eventOf([], 'STOP')]
  const chunks = [...events.flatMap((event) => machine.push(event)), ...machine.finish()]
  return chunks.flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.audio ?? []))
}

function whole(format: string, pieces: number[][], mimeType?: string) {
  const parts = pieces.map((samples) => sound(samples, mimeType))
  const [choice] = collectWhole(
    new ChatStream(head, { ...speaking(format), includeUsage: true }),
    eventOf(parts, 'STOP'),
  ).choices
  assert.ok(choice)
  return choice
}

function sound(samples: number[], mimeType = 'audio/L16;codec=pcm;rate=24000') {
  return { inlineData: { mimeType, data: Buffer.from(samples).toString('base64') } }
}

function speaking(format: string) {
  return optionsFor('gemini-2.5-flash-preview-tts', {
    modalities: ['audio'],
    audio: { voice: 'alloy', format },
  })
}

function optionsFor(model: string, request: object) {
  const body = { model, messages: [{ role: 'user', content: 'Go on.' }], ...request }
  const remembered = new Map<string, string>()
  return toGemini(body, { provider: 'gemini', model, thoughts: 'reasoning_content', remembered })
    .answer
}

function eventOf(parts: object[], finishReason?: string): GenerateContentResponse {
  return {
    candidates: [{ content: { role: 'model', parts }, ...(finishReason && { finishReason }) }],
  }
}

function bytesOf(audio: { data: string } | undefined): Buffer {
  return Buffer.from(audio?.data ?? '', 'base64')
}

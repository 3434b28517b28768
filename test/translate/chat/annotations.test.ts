import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  array,
  assert as law,
  boolean,
  constantFrom,
  nat,
  property,
  record,
  string,
} from 'fast-check'
import { codePoints } from '../../../src/translate/chat/annotations.ts'
import { toGemini } from '../../../src/translate/chat/request.ts'
import type { Annotation, ChatChunk } from '../../../src/translate/chat/response.ts'
import { ChatStream, collectWhole } from '../../../src/translate/chat/stream.ts'
import type {
  GenerateContentResponse,
  GroundingSupport,
  Part,
} from '../../../src/translate/gemini.ts'
import { merge } from '../../cases/answers/accumulate.ts'

const head = { id: 'chatcmpl-1', created: 1763164273, model: 'asked' }
const forms = ['nowhere', 'reasoning_content', 'content', 'tags'] as const
type Form = (typeof forms)[number]

describe('annotations', () => {
  for (const form of forms) {
    it(`are places in the content, in code points, with thoughts in ${form}`, () => {
      law(
        property(answers, boolean(), ({ thoughts, texts, cited }, worded) => {
          const [text, before] = [texts.join(''), cited.before.join('')]
          const words = cited.words.join('')
          const startIndex = Buffer.byteLength(before)
          const segment = {
            ...(startIndex > 0 && { startIndex }),
            endIndex: startIndex + Buffer.byteLength(words),
            ...(worded && { text: words }),
          }
          const events = [
            ...thoughts.map((thought) => eventOf([{ text: thought, thought: true }])),
            ...texts.map((piece) => eventOf([{ text: piece }])),
            groundedBy([{ segment, groundingChunkIndices: [0] }]),
          ]
          for (const { content, annotations } of [
            whole(merge(events), form),
            streamed(events, form),
          ]) {
            assert.ok(content.endsWith(text))
            assert.deepEqual(annotations.map(quote(content)), [words])
          }
        }),
      )
    })
  }

  it('count each emoji and each Chinese letter behind the tags', () => {
    const events = [
      eventOf([{ text: '思考🤔…', thought: true }]),
      eventOf([{ text: '东京👍是首都。Yes.' }]),
      groundedBy([
        { segment: { startIndex: 10, endIndex: 22, text: '是首都。' }, groundingChunkIndices: [0] },
      ]),
    ]
    const { content, annotations } = streamed(events, 'tags')
    assert.equal(content, '<think>思考🤔…</think>\n\n东京👍是首都。Yes.')
    // 7 of the opening tag, 4 of the thought, 10 of the closing one, 3 before the words.
    assert.deepEqual(annotations.map(place), [[24, 28]])
  })

  it('look for words that are not where Gemini says', () => {
    const events = [
      eventOf([{ text: 'Grüße aus Köln, der Stadt.' }]),
      groundedBy([
        { segment: { startIndex: 3, endIndex: 7, text: 'Köln' }, groundingChunkIndices: [0] },
      ]),
    ]
    const { content, annotations } = streamed(events, 'nowhere')
    assert.deepEqual(annotations.map(quote(content)), ['Köln'])
  })

  it('count within the part that Gemini names', () => {
    const parts = [
      { text: 'Zürich. ', thoughtSignature: 'QQ==' },
      { text: 'Grüezi, Zürich.' },
    ] satisfies Part[]
    const segment = { partIndex: 1, startIndex: 9, endIndex: 17, text: 'Zürich.' }
    const supports = [{ segment, groundingChunkIndices: [0] }]
    const { annotations } = whole(merge([eventOf(parts), groundedBy(supports)]), 'nowhere')
    assert.deepEqual(annotations.map(place), [[16, 23]])
  })

  it('count within the part that Gemini names, thoughts counted', () => {
    const parts = [{ text: 'Grübeln', thought: true }, { text: 'Zürich. Ja, Zürich.' }]
    const segment = { partIndex: 1, startIndex: 13, endIndex: 21, text: 'Zürich.' }
    const supports = [{ segment, groundingChunkIndices: [0] }]
    const { content, annotations } = whole(merge([eventOf(parts), groundedBy(supports)]), 'tags')
    assert.equal(content, '<think>Grübeln</think>\n\nZürich. Ja, Zürich.')
    assert.deepEqual(annotations.map(place), [[36, 43]])
  })

  it('stay within the content though Gemini’s places do not', () => {
    const events = [
      eventOf([{ text: 'Short.' }]),
      groundedBy([{ segment: { startIndex: 2, endIndex: 900 }, groundingChunkIndices: [0] }]),
    ]
    assert.deepEqual(streamed(events, 'nowhere').annotations.map(place), [[2, 6]])
  })

  it('come for each source of a support, and for none that is not there', () => {
    const events = [
      eventOf([{ text: 'Yes.' }]),
      groundedBy([{ segment: { endIndex: 4 }, groundingChunkIndices: [0, 7, 1] }]),
    ]
    const urls = streamed(events, 'nowhere').annotations.map((one) => one.url_citation.url)
    assert.deepEqual(urls, ['https://example.org/0', 'https://example.org/1'])
  })

  it('come once, in one delta before the end', () => {
    const early = groundedBy([{ segment: { endIndex: 4 }, groundingChunkIndices: [0, 1] }])
    const events = [eventOf([{ text: 'Yes.' }]), early, eventOf([{ text: ' No.' }])]
    const choices = chunksOf(events, 'nowhere').flatMap((chunk) => chunk.choices)
    const at = choices.flatMap(({ delta }, at) => (delta.annotations ? [at] : []))
    assert.equal(at.length, 1)
    const deltas = choices.map(({ delta }) => delta)
    assert.ok(Number(at[0]) > deltas.findIndex(({ content }) => content === ' No.'))
    assert.equal(choices[Number(at[0])]?.finish_reason, null)
  })
})

describe('codePoints', () => {
  it('counts as Python does', () => {
    assert.equal(codePoints('aé东👍👩‍👧'), 7)
    assert.equal(codePoints(''), 0)
  })
})

const letters = constantFrom('a', 'b', ' ', 'é', 'ß', '东', '京', '👍', '🤔', '\n')
const words = array(letters, { minLength: 1, maxLength: 6 })

/** Thoughts, then text in pieces, and words somewhere within it. */
const answers = record({
  thoughts: array(string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), {
    maxLength: 2,
  }),
  before: array(letters, { maxLength: 8 }),
  words,
  after: array(letters, { maxLength: 8 }),
  cuts: array(nat(20), { maxLength: 3 }),
}).map(({ thoughts, before, words, after, cuts }) => {
  const all = [...before, ...words, ...after]
  const places = [...new Set(cuts)].filter((at) => at > 0 && at < all.length)
  const ends = [...places.toSorted((a, b) => a - b), all.length]
  const texts = ends.map((end, at) => all.slice(ends[at - 1] ?? 0, end).join(''))
  return { thoughts, texts, cited: { before, words } }
})

function streamed(events: GenerateContentResponse[], form: Form) {
  const chunks = chunksOf(events, form)
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    annotations: deltas.flatMap(({ annotations }) => annotations ?? []),
  }
}

function chunksOf(events: GenerateContentResponse[], form: Form): ChatChunk[] {
  const machine = new ChatStream(head, optionsFor(form))
  return [...events.flatMap((event) => machine.push(event)), ...machine.finish()]
}

function whole(event: GenerateContentResponse, form: Form) {
  const message = collectWhole(
    new ChatStream(head, { ...optionsFor(form), includeUsage: true }),
    event,
  ).choices[0]?.message
  return { content: message?.content ?? '', annotations: message?.annotations ?? [] }
}

function optionsFor(form: Form) {
  const google = {
    thinking_config: { include_thoughts: form !== 'nowhere' },
    ...(form === 'tags' && { thought_tag_marker: 'think' }),
  }
  const body = {
    model: 'gemini-3.5-flash',
    messages: [{ role: 'user', content: 'Go on.' }],
    web_search_options: {},
    extra_body: { google },
  }
  return toGemini(body, {
    provider: 'vertex',
    model: 'gemini-3.5-flash',
    thoughts: form === 'content' ? 'content' : 'reasoning_content',
    remembered: new Map(),
  }).answer
}

function eventOf(parts: Part[]): GenerateContentResponse {
  return { candidates: [{ content: { role: 'model', parts } }] }
}

function groundedBy(groundingSupports: GroundingSupport[]): GenerateContentResponse {
  const groundingChunks = [0, 1].map((n) => ({
    web: { uri: `https://example.org/${n}`, title: `Source ${n}` },
  }))
  return {
    candidates: [
      { finishReason: 'STOP', groundingMetadata: { groundingChunks, groundingSupports } },
    ],
  }
}

/** What the citation stands under, cut out as Python would. */
function quote(content: string) {
  return ({ url_citation: { start_index, end_index } }: Annotation) =>
    Array.from(content).slice(start_index, end_index).join('')
}

function place({ url_citation: { start_index, end_index } }: Annotation): [number, number] {
  return [start_index, end_index]
}

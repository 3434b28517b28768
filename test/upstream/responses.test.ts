import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  array,
  assert as law,
  asyncProperty,
  boolean,
  constantFrom,
  nat,
  oneof,
  record,
  string,
} from 'fast-check'
import { Repeat } from '../../src/translate/chat/likeness.ts'
import { toGemini } from '../../src/translate/chat/request.ts'
import { ChatStream } from '../../src/translate/chat/stream.ts'
import type { GenerateContentResponse } from '../../src/translate/gemini.ts'
import { toEvents } from '../../src/upstream/responses.ts'
import type { Reply } from '../../src/upstream/exchange.ts'
import { codePoint } from '../support/code-points.ts'
import { examples } from '../support/laws.ts'
import { allOf } from '../support/source.ts'

/** A reply whose body is these events, each a read of its own. */
function replyOf(events: string[]): Reply {
  const reads = events.map((data) => Buffer.from(`data: ${data}\r\n\r\n`))
  const body = { next: async () => reads.shift(), cancel: () => undefined }
  return {
    status: 200,
    header: () => undefined,
    body,
    text: async () => '',
    redact: (text) => text,
  }
}

async function heard(events: string[]): Promise<(GenerateContentResponse | Repeat)[]> {
  return (await allOf(toEvents([replyOf(events)], 'gateway'))).flat()
}

/** An event in the form of the Developer API. */
function eventOf(part: object, counts: object = {}, besides: object = {}): string {
  return JSON.stringify({
    candidates: [{ content: { parts: [part], role: 'model' }, index: 0, ...besides }],
    usageMetadata: { promptTokenCount: 9, ...counts },
    modelVersion: 'gemini-2.5-flash',
    responseId: 'r1',
  })
}

function textsOf(events: (GenerateContentResponse | Repeat)[]) {
  return events.map((event) => (event instanceof Repeat ? event.text : undefined))
}

describe('an event of a stream', () => {
  it('is a repeat where only its text and its counts differ', async () => {
    const events = await heard([
      eventOf({ text: 'one' }, { candidatesTokenCount: 1, totalTokenCount: 10 }),
      eventOf({ text: ' two\n"2" \u{1F600}' }, { candidatesTokenCount: 25, totalTokenCount: 34 }),
      eventOf({ text: '3' }, { candidatesTokenCount: 100, totalTokenCount: 109 }),
    ])
    assert.deepEqual(textsOf(events), [undefined, ' two\n"2" \u{1F600}', '3'])
  })

  const first = eventOf({ text: 'one' }, { candidatesTokenCount: 1 })
  const others: [what: string, event: string][] = [
    [
      'has another reason to end',
      eventOf({ text: 'a' }, { candidatesTokenCount: 1 }, { finishReason: 'STOP' }),
    ],
    ['is a thought', eventOf({ text: 'a', thought: true }, { candidatesTokenCount: 1 })],
    [
      'has a signature',
      eventOf({ text: 'a', thoughtSignature: 'QQ==' }, { candidatesTokenCount: 1 }),
    ],
    [
      'counts something more',
      eventOf({ text: 'a' }, { candidatesTokenCount: 1, thoughtsTokenCount: 2 }),
    ],
    ['has a second part', first.replace('{"text":"one"}', '{"text":"one"},{"text":"two"}')],
    ['is of another candidate', first.replace('"index":0', '"index":1')],
    ['says another version', first.replace('2.5-flash', '2.5-flash-002')],
    ['has no text', eventOf({ text: '' }, { candidatesTokenCount: 1 })],
    [
      'brings a source',
      eventOf({ text: 'a' }, { candidatesTokenCount: 1 }, { groundingMetadata: {} }),
    ],
    ['is an error', '{"error":{"code":500,"message":"a","status":"INTERNAL"}}'],
  ]
  for (const [what, event] of others) {
    it(`is none where it ${what}`, async () => {
      const events = await heard([first, event]).catch(() => [])
      assert.ok(events.every((one) => !(one instanceof Repeat)))
    })
  }

  it('is none where it comes in a list, which has its counts elsewhere', async () => {
    const events = await heard([`[${first}]`, `[${first}]`])
    assert.ok(events.every((one) => !(one instanceof Repeat)))
  })

  it('is none where another spelling of the name holds its text', async () => {
    const twice = first.replace('{"text":"one"}', '{"text":"one","te\\u0078t":"two"}')
    const events = await heard([twice, twice.replace('"one"', '"three"')])
    assert.deepEqual(textsOf(events), [undefined, undefined])
  })

  for (const broken of ['"o\u0001ne"', '"o\\xne"', '"one', '"one" "two"']) {
    it(`is refused as ever where its JSON is broken: ${JSON.stringify(broken)}`, async () => {
      const parts = await heard([first, first.replace('"one"', broken)]).then(
        () => assert.fail('It was read.'),
        (error: unknown) => error,
      )
      assert.match(String(parts), /not a response/)
    })
  }

  for (const count of ['01', '-1', '1e3', '1.5', '12345678901234567890', '"1"', '']) {
    it(`is none where its count is written ${count || 'as nothing'}`, async () => {
      const event = first.replace('"candidatesTokenCount":1', `"candidatesTokenCount":${count}`)
      const events = await heard([first, event]).catch(() => [])
      assert.ok(events.every((one) => !(one instanceof Repeat)))
    })
  }
})

const texts = oneof(string(), string({ unit: codePoint }), constantFrom('a', '"', '\\', '\u2028'))
const parts = oneof(
  { weight: 6, arbitrary: record({ text: texts }) },
  { weight: 3, arbitrary: record({ text: texts, thought: constantFrom(true) }) },
  { weight: 1, arbitrary: record({ text: texts, thoughtSignature: constantFrom('QQ==') }) },
  { weight: 1, arbitrary: constantFrom({ functionCall: { name: 'f', args: {} } }) },
  { weight: 1, arbitrary: constantFrom({ executableCode: { code: 'print(1)' } }) },
)

describe('a stream with repeats', () => {
  for (const thoughts of ['nowhere', 'reasoning_content', 'content', 'tags'] as const) {
    it(`says the same as one whose every event is parsed, with thoughts in ${thoughts}`, async () => {
      const given = array(record({ part: parts, count: nat() }), { minLength: 1, maxLength: 20 })
      await law(
        asyncProperty(given, boolean(), boolean(), async (pieces, usage, pretty) => {
          const events = [
            ...pieces.map(({ part, count }) => eventOf(part, { candidatesTokenCount: count })),
            eventOf({ text: '.' }, { candidatesTokenCount: 7 }, { finishReason: 'STOP' }),
          ].map((event) => (pretty ? event.replaceAll('":', '" : ') : event))
          const { answer } = toGemini(
            { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
            {
              provider: 'gemini',
              model: 'gemini-3-flash',
              thoughts: 'content',
              remembered: new Map(),
            },
          )
          const form = thoughts === 'tags' ? { to: thoughts, marker: 't' } : { to: thoughts }
          const stream = () =>
            new ChatStream(
              { id: 'c', created: 1, model: 'm' },
              { ...answer, thoughts: form, includeUsage: usage },
            )
          const [quick, thorough] = [stream(), stream()]
          const got = (await heard(events)).flatMap((event) =>
            event instanceof Repeat
              ? quick.repeat(event)
              : quick.push(event).map((chunk) => JSON.stringify(chunk)),
          )
          const expected = events.flatMap((event) => thorough.push(JSON.parse(event)))
          assert.deepEqual(
            [...got.map((chunk) => JSON.parse(chunk)), ...quick.finish()],
            [...expected, ...thorough.finish()].map((chunk) => JSON.parse(JSON.stringify(chunk))),
          )
        }),
        examples(50),
      )
    })
  }
})

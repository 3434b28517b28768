import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parseScript } from '../../../src/emulator/script/parse.ts'
import { startEmulator } from '../../../src/emulator/server.ts'
import {
  asking,
  callsOf,
  Client,
  finishOf,
  getWeather,
  partsOf,
  textOf,
  withTools,
} from '../client.ts'

const script = [
  { when: { contains: 'refund', turn: 2 }, answer: { text: 'As I said, it is on its way.' } },
  { when: { tool_result: 'get_weather' }, answer: { text: 'Take an umbrella.' } },
  {
    when: { contains: ['umbrella', 'paris'] },
    answer: {
      thoughts: 'Where is that?',
      calls: [{ name: 'get_weather', args: { city: 'Paris' } }],
    },
  },
  { when: { matches: '^\\d+ \\+ \\d+$' }, answer: { json: { sum: 3 } } },
  { when: { model: 'gemini-3*', contains: 'refund' }, answer: { text: 'Three says no.' } },
  { when: { contains: 'refund' }, answer: { text: 'Of course.', finish: 'STOP' } },
  { when: { contains: 'recite' }, answer: { text: 'Once upon a time', finish: 'RECITATION' } },
  { when: { contains: 'fail' }, answer: { fault: 'status=503' } },
  { when: { contains: 'as written' }, answer: { events: [{ candidates: [] }, { custom: true }] } },
]

const emulator = await startEmulator({ script })
after(() => emulator.close())
const developer = new Client(emulator.url, 'gemini-api')
const model = 'gemini-2.5-flash'

describe('a script', () => {
  it('answers what fits first, by text, model and turn', async () => {
    assert.equal(textOf(await developer.whole(model, asking('A REFUND, please'))), 'Of course.')
    const three = await developer.whole('gemini-3.8-flash', asking('A refund, please'))
    assert.equal(textOf(three), 'Three says no.')
    const contents = ['A refund', 'Of course.', 'Where is my refund?'].map((text, i) => ({
      role: i % 2 === 0 ? 'user' : 'model',
      parts: [{ text }],
    }))
    assert.match(textOf(await developer.whole(model, { contents })), /^As I said/)
  })

  it('leaves to the emulator what does not fit', async () => {
    assert.equal(textOf(await developer.whole(model, asking('Say hello'))), 'hello')
  })

  it('plays a loop of tools', async () => {
    const text = 'Do I need an umbrella in Paris?'
    const first = await developer.whole('gemini-3.8-flash', withTools(text))
    assert.deepEqual(callsOf(first), [['get_weather', { city: 'Paris' }]])
    const [part] = partsOf([first])
    assert.ok(part?.thoughtSignature && part.functionCall?.id)
    const contents = [
      { role: 'user', parts: [{ text }] },
      { role: 'model', parts: [part] },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: part.functionCall.id, name: 'get_weather', response: {} } },
        ],
      },
    ]
    const second = await developer.whole('gemini-3.8-flash', withTools('', { contents }))
    assert.equal(textOf(second), 'Take an umbrella.')
  })

  it('shows thoughts to those who ask for them', async () => {
    const body = asking('An umbrella in Paris?', {
      tools: [{ functionDeclarations: [getWeather] }],
      generationConfig: { thinkingConfig: { includeThoughts: true } },
    })
    const [thought] = partsOf(await developer.streamed(model, body))
    assert.deepEqual(thought, { text: 'Where is that?', thought: true })
  })

  it('says JSON, ends for a reason, fails, and sends events as they are written', async () => {
    assert.deepEqual(JSON.parse(textOf(await developer.whole(model, asking('1 + 2')))), { sum: 3 })
    const recited = await developer.streamed(model, asking('recite'))
    assert.deepEqual([textOf(...recited), finishOf(...recited)], ['Once upo', 'RECITATION'])
    assert.equal((await developer.post(`${model}:generateContent`, asking('fail'))).status, 503)
    const { text } = await developer.post(
      `${model}:streamGenerateContent?alt=sse`,
      asking('as written'),
    )
    assert.equal(text, 'data: {"candidates":[]}\r\n\r\ndata: {"custom":true}\r\n\r\n')
  })

  it('that cannot be played is refused with the place', () => {
    for (const [wrong, message] of [
      [{}, 'script has to be a list.'],
      [[5], 'script[0] has to be an object.'],
      [[{ when: {} }], 'script[0].answer is missing.'],
      [[{ answer: {} }], /^script\[0\]\.answer is empty: give one of text,/],
      [
        [{ answer: { text: 'a' }, If: 1 }],
        'script[0].If is unknown: the keys here are when, answer, times.',
      ],
      [
        [{ answer: { text: 'a' } }, { answer: { texts: 'a' } }],
        /^script\[1\]\.answer\.texts is unknown/,
      ],
      [[{ answer: { text: 5 } }], 'script[0].answer.text has to be a text.'],
      [[{ answer: { calls: [{ name: 5 }] } }], 'script[0].answer.calls[0].name has to be a text.'],
      [[{ answer: { calls: [] } }], 'script[0].answer.calls is empty.'],
      [[{ answer: { calls: [{ name: '' }] } }], 'script[0].answer.calls[0].name is empty.'],
      [[{ answer: { events: [] } }], 'script[0].answer.events is empty.'],
      [[{ answer: { finish: '' } }], 'script[0].answer.finish is empty.'],
      [[{ answer: { text: 'a', json: 1 } }], /has both text and json/],
      [[{ answer: { text: 'a', events: [] } }], /has events and text/],
      [
        [{ when: { matches: '(' }, answer: { text: 'a' } }],
        /^script\[0\]\.when\.matches is no regular expression/,
      ],
      [[{ when: { turn: 0 }, answer: { text: 'a' } }], /whole number from 1/],
      [[{ times: 0, answer: { text: 'a' } }], 'script[0].times has to be a whole number from 1.'],
      [[{ answer: { error: { code: 503 }, text: 'a' } }], /has error and text: error says it all/],
      [[{ answer: { error: {} } }], /^script\[0\]\.answer\.error\.code has to be a whole number/],
      [[{ answer: { error: { code: 200 } } }], /number from 400 to 599/],
      [[{ answer: { error: { code: 503, reason: 'x' } } }], /error\.reason is unknown/],
      [
        [{ answer: { error: { code: 503, details: [{}] } } }],
        'script[0].answer.error.details[0].@type has to be a text.',
      ],
      [
        [{ answer: { fault: 'explode' } }],
        /^script\[0\]\.answer\.fault: The emulator cannot read the fault "explode"/,
      ],
    ] as const) {
      assert.throws(() => parseScript(wrong), { message }, JSON.stringify(wrong))
    }
  })
})

describe('an entry of a script', () => {
  it('refuses in Google’s form and in words of its own', async () => {
    const detail = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '38.9s' }
    const error = { code: 429, status: 'OVER', message: 'Slow down.', details: [detail] }
    emulator.play([
      { when: { contains: 'own' }, answer: { error } },
      { answer: { error: { code: 503 } } },
    ])
    assert.deepEqual(await developer.refusal(model, asking('In words of its own')), error)
    assert.deepEqual(await developer.refusal(model, asking('Hi')), {
      code: 503,
      message: 'The model is overloaded. Please try again later.',
      status: 'UNAVAILABLE',
    })
    const { status, type, text } = await developer.post(
      `${model}:streamGenerateContent?alt=sse`,
      asking('Hi'),
    )
    assert.deepEqual([status, type, JSON.parse(text).error.code], [503, 'text/event-stream', 503])
  })

  it('refuses only what is right', async () => {
    emulator.play([{ answer: { error: { code: 503 } } }])
    assert.equal((await developer.refusal(model, { contents: [] })).code, 400)
  })

  it('counts what it answers, and not what was refused for being wrong', async () => {
    emulator.play([
      { times: 1, answer: { fault: 'status=503' } },
      { times: 1, answer: { text: 'Once.' } },
    ])
    const wrong = asking('Hi', { generationConfig: { temperature: 9 } })
    const heard: number[] = []
    for (const body of [asking('Hi'), wrong, asking('Hi'), asking('Hi')]) {
      const { status, text } = await developer.post(`${model}:generateContent`, body)
      heard.push(status === 200 && textOf(JSON.parse(text)) === 'Once.' ? 1 : status)
    }
    assert.deepEqual(heard, [503, 400, 1, 200])
  })

  it('answers so many of the requests that fit, and leaves the others to those after it', async () => {
    emulator.play([
      { times: 2, when: { contains: 'hi' }, answer: { error: { code: 503 } } },
      { times: 1, answer: { text: 'once' } },
      { answer: { text: 'ever after' } },
    ])
    const heard: string[] = []
    for (const question of ['Hi', 'Ho', 'Hi', 'Hi', 'Ho']) {
      const { status, text } = await developer.post(`${model}:generateContent`, asking(question))
      heard.push(status === 200 ? textOf(JSON.parse(text)) : String(status))
    }
    assert.deepEqual(heard, ['503', 'once', '503', 'ever after', 'ever after'])
    emulator.play([{ times: 1, answer: { text: 'anew' } }])
    assert.equal(textOf(await developer.whole(model, asking('Hi'))), 'anew')
    assert.notEqual(textOf(await developer.whole(model, asking('Hi'))), 'anew')
  })
})

describe('a script in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'emulator-'))
  after(() => rmSync(folder, { recursive: true }))

  it('is JSON', async () => {
    const file = written('a.json', JSON.stringify([{ answer: { text: 'from a file' } }]))
    const player = await startEmulator({ script: file })
    try {
      const client = new Client(player.url, 'vertex')
      assert.equal(textOf(await client.whole(model, asking('Hi'))), 'from a file')
    } finally {
      await player.close()
    }
  })

  it('is YAML where there is a parser, and otherwise says what is missing', async () => {
    const file = written('a.yaml', '- when: { contains: hi }\n  answer:\n    text: from yaml\n')
    try {
      const player = await startEmulator({ script: file })
      const client = new Client(player.url, 'gemini-api')
      assert.equal(textOf(await client.whole(model, asking('Hi'))), 'from yaml')
      await player.close()
    } catch (error) {
      assert.match(String(error), /needs the package yaml: npm install yaml/)
    }
  })

  it('that is neither is refused', async () => {
    const file = written('b.json', '[{')
    await assert.rejects(startEmulator({ script: file }), /b\.json is not JSON/)
  })

  function written(name: string, text: string): string {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
})

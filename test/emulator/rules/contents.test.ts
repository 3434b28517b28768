import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, startClients } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const flash = 'gemini-2.5-flash'
const newest = 'gemini-3.8-flash'

describe('contents', () => {
  it('must not be missing', async () => {
    const here = await developer.refusal(flash, {})
    assert.equal(here.message, '* GenerateContentRequest.contents: contents is not specified\n')
    const there = await vertex.refusal(flash, { contents: [] })
    assert.match(there.message, /^Unable to submit request because at least one contents field/)
  })

  it('are by the user or the model; only the Developer API guesses', async () => {
    const roleless = { contents: [turn(undefined, { text: 'Hi' })] }
    await developer.whole(flash, roleless)
    assert.match((await vertex.refusal(flash, roleless)).message, /valid role: user, model/)
    const tool = { contents: [turn('tool', { text: 'Hi' })] }
    assert.match((await developer.refusal(flash, tool)).message, /valid role: user, model/)
  })

  it('need parts, and parts need data', async () => {
    const empty = { contents: [turn('user')] }
    assert.match(
      (await developer.refusal(flash, empty)).message,
      /contents\[0\]\.parts: contents.parts must/,
    )
    assert.match((await vertex.refusal(flash, empty)).message, /at least one parts field/)
    const bare = await developer.refusal(flash, { contents: [turn('user', { thought: true })] })
    assert.match(bare.message, /parts\[0\]\.data: required oneof field 'data'/)
  })

  it('may have an empty text at Vertex AI only with a signature', async () => {
    await developer.whole(flash, midway({ text: '' }))
    await vertex.whole(flash, midway({ text: '', thoughtSignature: 'c2ln' }))
    const { message } = await vertex.refusal(flash, midway({ text: '' }))
    const empty =
      /^Unable to submit request because it has an empty text parameter\. Add a value to /
    assert.match(message, empty)
    const silent = { ...asking('Hi'), systemInstruction: { parts: [{ text: '' }] } }
    await developer.whole(flash, silent)
    assert.match((await vertex.refusal(flash, silent)).message, empty)
  })

  it('have calls right after the user, and results right after the calls', async () => {
    const early = [turn('model', call('f')), turn('user', result('f'))]
    const late = [
      turn('user', { text: 'Hi' }),
      turn('model', call('f')),
      turn('user', { text: 'Well?' }),
      turn('user', result('f')),
    ]
    assert.match(
      (await developer.refusal(flash, { contents: early })).message,
      /function call turn comes immediately after a user turn/,
    )
    for (const contents of [late, [turn('user', { text: 'Hi' }), turn('user', result('f'))]]) {
      assert.match(
        (await developer.refusal(flash, { contents })).message,
        /function response turn comes immediately after a function call turn/,
      )
    }
  })

  it('may be the events of a stream, as they came', async () => {
    const bits = [
      { functionCall: { name: 'f', willContinue: true }, thoughtSignature: 'c2ln' },
      {
        functionCall: { partialArgs: [{ jsonPath: '$.a', stringValue: 'b' }], willContinue: true },
      },
      { functionCall: {} },
    ]
    const said = turn('user', { text: 'Hi' })
    const events = [...bits, { text: '' }].map((part) => turn('model', part))
    await vertex.whole(newest, { contents: [said, ...events, turn('user', result('f'))] })
    const nameless = turn('model', { functionCall: {}, thoughtSignature: 'c2ln' })
    const { message } = await vertex.refusal(newest, {
      contents: [said, nameless, turn('user', result('f'))],
    })
    assert.match(message, /function_call\.name: Name cannot be empty/)
  })

  it('of one speaker in a row are one turn', async () => {
    const [said, signed] = [turn('user', { text: 'Hi' }), { thoughtSignature: 'c2ln' }]
    const apart = [
      said,
      turn('model', { ...call('f'), ...signed }),
      turn('model', call('g')),
      turn('model', { text: '', ...signed }),
      turn('user', result('f')),
      turn('user', result('g')),
    ]
    for (const contents of [apart, [...apart, turn('user', { text: 'And?' })]]) {
      await developer.whole(newest, { contents })
      await vertex.whole(newest, { contents })
    }
    const { message } = await developer.refusal(newest, { contents: apart.slice(0, -1) })
    assert.match(message, /number of function response parts is equal/)
    const unsigned = apart.with(1, turn('model', call('f')))
    assert.match((await developer.refusal(newest, { contents: unsigned })).message, /position 2/)
    const calledByGoogle = [said, turn('model', call('f')), turn('model', result('f')), said]
    await developer.whole(flash, { contents: calledByGoogle })
  })

  it('have as many results as calls', async () => {
    const contents = [
      turn('user', { text: 'Hi' }),
      turn('model', call('f'), call('g')),
      turn('user', result('f')),
    ]
    const { message } = await vertex.refusal(flash, { contents })
    assert.match(
      message,
      /number of function response parts is equal to the number of function call/,
    )
  })

  it('have no function ids at Vertex AI before Gemini 3', async () => {
    const contents = [
      turn('user', { text: 'Hi' }),
      turn('model', { functionCall: { name: 'f', args: {}, id: '1' }, thoughtSignature: 'c2ln' }),
      turn('user', result('f', { id: '1' })),
    ]
    const { message } = await vertex.refusal(flash, { contents })
    assert.match(message, /Unknown name "id" at 'contents\[1\]\.parts\[0\]\.function_call'/)
    assert.match(message, /Unknown name "id" at 'contents\[2\]\.parts\[0\]\.function_response'/)
    await vertex.whole(newest, { contents })
    await developer.whole(flash, { contents })
  })

  it('end with the user since 3.6', async () => {
    const contents = [turn('user', { text: 'Hi' }), turn('model', { text: 'Once upon' })]
    await developer.whole('gemini-3.5-flash', { contents })
    for (const model of ['gemini-3.5-flash-lite', 'gemini-3.6-flash', newest]) {
      const { message } = await developer.refusal(model, { contents })
      assert.equal(message, 'Requests ending with a model turn are not supported.')
    }
  })

  it('end with a user who says something, since 3.6', async () => {
    const [said, silence] = [turn('user', { text: 'Hi' }), turn('user', { text: '' })]
    const prefill = [said, turn('model', { text: 'Once upon' }), silence]
    const silent = [said, turn('model', { text: 'Once upon' }), said, silence]
    for (const contents of [[silence], prefill, silent]) {
      await developer.whole('gemini-3.5-flash', { contents })
    }
    const prefilled = await developer.refusal(newest, { contents: prefill })
    assert.equal(prefilled.message, 'Requests ending with a model turn are not supported.')
    for (const contents of [[silence], silent]) {
      const { message } = await developer.refusal(newest, { contents })
      assert.equal(message, 'Request contains an invalid argument.')
    }
    await developer.whole(newest, { contents: [said, turn('model', { text: '' })] })
  })

  it('bring files from where the backend can read', async () => {
    const bucket = { fileUri: 'gs://bucket/a.png', mimeType: 'image/png' }
    await vertex.whole(flash, file(bucket))
    assert.match(
      (await developer.refusal(flash, file(bucket))).message,
      /unsupported file uri: gs:/,
    )
    const untyped = { fileUri: 'gs://bucket/a.png' }
    assert.match(
      (await vertex.refusal(flash, file(untyped))).message,
      /mimeType parameter with value ,/,
    )
    const odd = { fileUri: 'gs://bucket/a.exe', mimeType: 'application/exe' }
    assert.match((await vertex.refusal(flash, file(odd))).message, /Unsupported MIME type/)
  })
})

function turn(role: string | undefined, ...parts: unknown[]) {
  return { role, parts }
}

function call(name: string) {
  return { functionCall: { name, args: {} } }
}

function result(name: string, more = {}) {
  return { functionResponse: { name, response: { result: 'sunny' }, ...more } }
}

function midway(part: object) {
  return {
    contents: [turn('user', { text: 'Hi' }), turn('model', part), turn('user', { text: 'Go on' })],
  }
}

function file(fileData: object) {
  return { contents: [turn('user', { text: 'Look' }, { fileData })] }
}

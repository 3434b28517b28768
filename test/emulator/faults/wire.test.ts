import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, describe, it } from 'node:test'
import { asking, readEvents, startClients, textOf } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const stream = 'gemini-2.5-flash:streamGenerateContent?alt=sse'
const whole = 'gemini-2.5-flash:generateContent'
const question = asking('Why is the sky blue?')

describe('a fault can be asked for', () => {
  it('by a header', async () => {
    assert.equal((await ask(whole, 'status=503')).status, 503)
  })

  it('by a suffix of the model, plain or encoded', async () => {
    for (const model of [
      'gemini-2.5-flash+fault:status=503',
      'gemini-2.5-flash%2Bfault%3Astatus%3D503',
    ]) {
      assert.equal((await developer.post(`${model}:generateContent`, question)).status, 503)
      assert.equal((await vertex.post(`${model}:generateContent`, question)).status, 503)
    }
    const { text } = await developer.post(
      'gemini-2.5-flash+fault:split=9;gzip:generateContent',
      question,
    )
    assert.equal(JSON.parse(text).modelVersion, 'gemini-2.5-flash')
  })

  it('by a magic word', async () => {
    assert.equal((await developer.post(whole, asking('[[fault:status=503]] Hi'))).status, 503)
  })

  it('and is refused with the reason where it cannot be read', async () => {
    const { status, text } = await ask(whole, 'explode')
    assert.equal(status, 400)
    assert.match(JSON.parse(text).error.message, /cannot read the fault "explode"/)
  })
})

describe('a refusal on demand', () => {
  it('says when to come again, in a detail or in a header', async () => {
    const { headers, text } = await ask(whole, 'status=429;retry-info=2.5')
    const { error } = JSON.parse(text)
    assert.equal(headers.get('retry-after'), null)
    assert.match(error.message, /Please retry in 2.5s\.$/)
    assert.equal(error.details.at(-1).retryDelay, '2.5s')
    const later = await ask(whole, 'status=429,retry-after=3')
    assert.equal(later.headers.get('retry-after'), '3')
    assert.equal(JSON.parse(later.text).error.details, undefined)
  })

  it('comes as an array, as a page, or without a body', async () => {
    const list = await ask(stream, 'status=429;error-array')
    assert.equal(JSON.parse(list.text)[0].error.code, 429)
    const page = await ask(stream, 'error-html')
    assert.deepEqual([page.status, page.type], [502, 'text/html; charset=UTF-8'])
    const nothing = await ask(stream, 'status=500;error-empty')
    assert.deepEqual([nothing.status, nothing.text], [500, ''])
  })

  it('stops after so many requests with one key', async () => {
    const statuses = []
    for (const key of ['a', 'a', 'a', 'b'])
      statuses.push((await ask(whole, `status=503;times=2;key=${key}`)).status)
    assert.deepEqual(statuses, [503, 503, 200, 503])
  })

  it('meets each token once', async () => {
    const statuses = []
    for (const token of ['one', 'one', 'two', 'one']) {
      const headers = { authorization: `Bearer ${token}`, 'x-emulator-fault': 'expired-token' }
      statuses.push((await vertex.post(whole, question, headers)).status)
    }
    assert.deepEqual(statuses, [401, 200, 401, 200])
  })

  it('sends elsewhere', async () => {
    const response = await fetch(`${emulator.url}/v1beta/models/${whole}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key', 'x-emulator-fault': 'redirect' },
      body: '{}',
      redirect: 'manual',
    })
    assert.deepEqual([response.status, response.headers.get('location')], [302, '/redirected'])
    await response.text()
  })
})

describe('an answer that goes wrong', () => {
  it('is empty, without candidates, or of a strange type', async () => {
    assert.deepEqual((await ask(whole, 'empty')).text, '')
    const { candidates, usageMetadata } = JSON.parse((await ask(whole, 'no-candidates')).text)
    assert.equal(candidates, undefined)
    assert.ok(usageMetadata)
    const strange = await ask(stream, 'wrong-type')
    assert.equal(strange.type, 'text/html; charset=UTF-8')
    assert.ok(readEvents(strange.text).length > 1)
  })

  it('says the same in the smallest pieces', async () => {
    const plain = textOf(...(await developer.streamed('gemini-2.5-flash', question)))
    for (const fault of ['split=1', 'split=7;gzip', 'cut=every-utf8', 'cut=crlf', 'gzip']) {
      const { text } = await ask(stream, fault)
      assert.equal(textOf(...readEvents<Parameters<typeof textOf>[0]>(text)), plain, fault)
    }
  })

  it('waits before the headers and between the events', async () => {
    const started = performance.now()
    await ask(stream, 'delay=20;pace=10', asking('Say one two three'))
    assert.ok(performance.now() - started >= 28)
  })

  it('ends cleanly before it finishes', async () => {
    const { text } = await ask(stream, 'fin@2')
    assert.equal(readEvents(text).length, 2)
    assert.ok(!text.includes('finishReason'))
  })

  it('ends in an error among its events, which may be in an array', async () => {
    for (const [fault, read] of [
      ['error@2=503', (last: unknown) => last],
      ['error@2=503;error-array', (last: unknown) => (Array.isArray(last) ? last[0] : undefined)],
    ] as const) {
      const { status, text } = await ask(stream, fault)
      const events = readEvents<Record<string, unknown>>(text)
      assert.deepEqual([status, events.length], [200, 3])
      assert.deepEqual(
        events.slice(0, 2).map((event) => 'candidates' in event),
        [true, true],
      )
      const { error }: { error?: { code: number } } = Object(read(events[2]))
      assert.equal(error?.code, 503)
    }
  })

  it('may go wrong in all these ways together', async () => {
    const said = asking('Say "Grüße 👋🏽 one two three four five six seven eight nine ten"')
    const faults = ['malformed@1', 'huge@3=2000', 'no-candidates', 'delay=5', 'pace=1']
    const bytes = ['cut=every-utf8', 'split=7']
    const { text } = await ask(stream, [...faults, ...bytes].join(';'), said)
    const frames = text.split('\r\n\r\n')
    assert.throws(() => JSON.parse(frames[1]?.replace('data: ', '') ?? '{}'))
    assert.equal(`${frames[4]}\r\n\r\n`.length, 2000)
    assert.ok(!JSON.parse(frames[2]?.replace('data: ', '') ?? '').candidates)
    const number = emulator.log.count + 1
    await assert.rejects(ask(stream, [...faults, ...bytes, 'reset@4+5'].join(';'), said))
    const entry = await emulator.log.ended(number)
    assert.deepEqual([entry.status, entry.events, entry.ended], [200, 4, 'reset'])
    const refusal =
      'status=429;retry-info=1;retry-after=2;error-array;delay=5;split=1;times=1;key=all'
    const refused = await ask(stream, refusal, said)
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '2'])
    assert.equal(JSON.parse(refused.text)[0].error.details.at(-1).retryDelay, '1s')
    assert.equal((await ask(stream, refusal, said)).status, 200)
  })

  it('fails as a whole where nothing is streamed', async () => {
    assert.equal((await ask(whole, 'error@2=503')).status, 503)
    assert.equal((await ask(whole, 'huge@0=1000')).text.length, 1000)
    const { text } = await ask(whole, 'malformed@0')
    assert.throws(() => JSON.parse(text))
  })
})

describe('a connection that goes wrong', () => {
  it('is reset after the events it was to bring', async () => {
    const { error, text } = await raw('reset@2')
    assert.equal(error, 'ECONNRESET')
    assert.equal(text.match(/data: /g)?.length, 2)
  })

  it('is reset in the middle of an event', async () => {
    const { error, text } = await raw('reset@1+20')
    assert.equal(error, 'ECONNRESET')
    assert.match(text, /data: .{14}\r\n$/s)
  })

  it('is closed without a word', async () => {
    assert.deepEqual(await raw('close-before-headers'), { error: undefined, text: '' })
  })

  it('is reset without a word', async () => {
    assert.deepEqual(await raw('reset-before-headers'), { error: 'ECONNRESET', text: '' })
    assert.equal((await emulator.log.ended(emulator.log.count)).ended, 'reset')
  })

  it('is silent until the client leaves', async () => {
    const { text } = await raw('stall@1', 60)
    assert.equal(text.match(/data: /g)?.length, 1)
    const entry = await emulator.log.ended(emulator.log.count)
    assert.equal(entry.ended, 'cancelled after 1 event')
  })
})

async function ask(method: string, fault: string, body: unknown = question) {
  return developer.post(method, body, { 'x-goog-api-key': 'key', 'x-emulator-fault': fault })
}

/** What comes over a socket, and how it ends; leaves after so many milliseconds of silence. */
function raw(fault: string, patience = 5000): Promise<{ error: string | undefined; text: string }> {
  const body = JSON.stringify(question)
  const head = [
    `POST /v1beta/models/${stream} HTTP/1.1`,
    'host: emulator',
    'connection: close',
    'x-goog-api-key: key',
    `x-emulator-fault: ${fault}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1')
    let text = ''
    let error: string | undefined
    socket.setTimeout(patience, () => socket.destroy())
    socket.on('data', (bytes) => (text += bytes.toString('latin1')))
    socket.on('error', (problem: NodeJS.ErrnoException) => (error = problem.code))
    socket.on('close', () => resolve({ error, text }))
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  })
}

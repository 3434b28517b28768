import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type Asked, type ByHand, startByHand } from '../../../src/emulator/by-hand.ts'
import { asking, Client, readEvents, textOf } from '../client.ts'

const emulator = await startByHand()
after(() => emulator.close())
const developer = new Client(emulator.url, 'gemini-api')
const vertex = new Client(emulator.url, 'vertex')

const whole = 'gemini-2.5-flash:generateContent'
const stream = 'gemini-2.5-flash:streamGenerateContent?alt=sse'
const array = 'gemini-2.5-flash:streamGenerateContent'
const question = asking('Why is the sky blue?')
const one = { candidates: [{ content: { parts: [{ text: 'one' }] } }] }
const two = { candidates: [{ content: { parts: [{ text: 'two' }] }, finishReason: 'STOP' }] }

/** What both make as events. */
const size = `data: ${JSON.stringify(one)}\r\n\r\ndata: ${JSON.stringify(two)}\r\n\r\n`.length

/** How the latest answer is told by the log. */
async function logged(running: ByHand = emulator) {
  const { status, events, bytes, ended } = await running.log.ended(running.log.count)
  return { status, events, bytes, ended }
}

describe('a request that is answered by hand', () => {
  it('is seen as it came, with its credential, which the log masks', async () => {
    const answer = vertex.post(stream, question, { authorization: 'Bearer secret' })
    const asked = await emulator.next()
    assert.equal(asked.method, 'POST')
    assert.match(
      asked.url,
      /publishers\/google\/models\/gemini-2.5-flash:streamGenerateContent\?alt=sse$/,
    )
    assert.equal(asked.headers.authorization, 'Bearer secret')
    assert.deepEqual(asked.body, question)
    assert.equal(asked.framing, 'sse')
    assert.ok((asked.port ?? 0) > 0)
    asked.reply(one)
    await answer
    assert.ok(!JSON.stringify(emulator.log.entries).includes('secret'))
  })

  it('is refused as ever where it is wrong, and nobody is asked', async () => {
    const before = emulator.requests.length
    const refusals = [
      await developer.post(whole, { contents: [] }),
      await developer.post(whole, { content: [] }),
      await developer.post(whole, question, {}),
      await developer.post(whole, asking('[[error:503]] Hi')),
      await developer.post(whole, asking('[[fault:status=504]] Hi')),
      await developer.post('gemini-9:generateContent', question),
    ]
    assert.deepEqual(
      refusals.map(({ status }) => status),
      [400, 400, 403, 503, 504, 404],
    )
    assert.equal(emulator.requests.length, before)
    assert.equal((await developer.post('gemini-2.5-flash:countTokens', question)).status, 200)
    assert.equal(emulator.requests.length, before)
  })

  it('that nobody makes is waited for in vain', async () => {
    await assert.rejects(emulator.next(20), { message: 'No request came within 20 ms.' })
  })

  it('waits until it is taken, in turn', async () => {
    const answers = [
      developer.post(whole, asking('first')),
      developer.post(whole, asking('second')),
    ]
    const taken = [await emulator.next(), await emulator.next()]
    assert.deepEqual(emulator.requests.slice(-2), taken)
    for (const asked of taken) asked.reply(JSON.stringify(asked.body).includes('first') ? one : two)
    assert.deepEqual(
      (await Promise.all(answers)).map(({ text }) => textOf(JSON.parse(text))),
      ['one', 'two'],
    )
  })
})

describe('an answer by hand', () => {
  it('is framed as it was asked for', async () => {
    emulator.answer((asked) => asked.reply(one, two))
    assert.deepEqual(JSON.parse((await developer.post(whole, question)).text), one)
    assert.deepEqual(readEvents((await developer.post(stream, question)).text), [one, two])
    assert.deepEqual(await logged(), { status: 200, events: 2, bytes: size, ended: 'finished' })
    const { text, type } = await developer.post(array, question)
    assert.deepEqual(JSON.parse(text), [one, two])
    assert.match(type, /^application\/json/)
    assert.equal((await logged()).events, 2)
    emulator.answer()
  })

  it('comes when the test says so, and is counted as it goes out', async () => {
    const answer = fetch(`${emulator.url}/v1beta/models/${stream}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key' },
      body: JSON.stringify(question),
    })
    const asked = await emulator.next()
    asked.begin()
    const reader = (await answer).body?.getReader() ?? assert.fail()
    asked.events(one)
    assert.match(Buffer.from((await reader.read()).value ?? []).toString(), /"one"/)
    const entry = emulator.log.entries.at(-1)
    assert.deepEqual([entry?.status, entry?.events, entry?.ended], [200, 1, undefined])
    asked.write('data: {"candidates"')
    asked.write(Buffer.from(': []}\r\n\r\n'))
    asked.end()
    while (!(await reader.read()).done);
    assert.equal((await logged()).events, 2)
  })

  it('may refuse in Google’s form', async () => {
    emulator.answer((asked) => asked.refuse(429, 'Slow down.', { status: 'OVER' }))
    const refused = await developer.post(stream, question)
    assert.deepEqual([refused.status, refused.type], [429, 'text/event-stream'])
    const error = { code: 429, message: 'Slow down.', status: 'OVER' }
    assert.deepEqual(JSON.parse(refused.text), { error })
    assert.deepEqual(JSON.parse((await developer.post(array, question)).text), [{ error }])
    emulator.answer((asked) => asked.refuse(503))
    assert.match((await developer.refusal('gemini-2.5-flash', question)).message, /overloaded/)
    assert.deepEqual((await logged()).status, 503)
    emulator.answer()
  })

  it('may be any bytes under any status and headers', async () => {
    emulator.answer((asked) => asked.json(502, '<html>', { 'content-type': 'text/html' }))
    const { status, type, text } = await developer.post(whole, question)
    assert.deepEqual([status, type, text], [502, 'text/html', '<html>'])
    for (const nothing of [(asked: Asked) => asked.json(200, ''), (asked: Asked) => asked.end()]) {
      emulator.answer(nothing)
      assert.equal((await developer.post(whole, question)).text, '')
      assert.deepEqual(await logged(), { status: 200, events: 0, bytes: 0, ended: 'finished' })
    }
    emulator.answer()
  })

  it('may be left to the emulator, with its faults and its script', async () => {
    emulator.answer((asked) => asked.usual())
    assert.equal(textOf(await developer.whole('gemini-2.5-flash', asking('Say hello'))), 'hello')
    emulator.play([{ answer: { text: 'scripted' } }])
    assert.equal(textOf(await developer.whole('gemini-2.5-flash', question)), 'scripted')
    await assert.rejects(developer.post(stream, asking('[[fault:reset@1]]')))
    assert.equal((await logged()).ended, 'reset')
    emulator.play([])
    emulator.answer()
  })

  it('is given to those who wait already, too', async () => {
    const answer = developer.whole('gemini-2.5-flash', question)
    while (emulator.log.entries.at(-1)?.ended !== undefined) await new Promise(setImmediate)
    await new Promise((resolve) => setTimeout(resolve, 20))
    emulator.answer((asked) => asked.usual())
    assert.ok(textOf(await answer))
    emulator.answer()
  })

  it('that fails ends the connection', async (t) => {
    const told = t.mock.method(console, 'error', () => undefined)
    emulator.answer(async () => {
      await new Promise(setImmediate)
      throw new Error('the test is wrong')
    })
    await assert.rejects(developer.post(whole, question))
    assert.equal((await logged()).ended, 'cancelled after 0 events')
    assert.match(String(told.mock.calls[0]?.arguments[0]), /the test is wrong/)
    emulator.answer()
  })
})

describe('the end of an answer by hand', () => {
  it('may be a reset, after what was written', async () => {
    const answer = developer.post(stream, question)
    const asked = await emulator.next()
    asked.begin()
    asked.events(one, two)
    asked.reset()
    await assert.rejects(answer)
    assert.equal(asked.gone, false)
    assert.deepEqual(await logged(), { status: 200, events: 2, bytes: size, ended: 'reset' })
  })

  it('may be the client’s, who leaves', async () => {
    const left = new AbortController()
    const answer = fetch(`${emulator.url}/v1beta/models/${stream}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key' },
      body: JSON.stringify(question),
      signal: left.signal,
    })
    const asked = await emulator.next()
    asked.begin()
    asked.events(one)
    await (await answer).body?.getReader().read()
    const before = performance.now()
    left.abort()
    assert.ok((await asked.left) >= before)
    assert.equal(asked.gone, true)
    assert.equal((await logged()).ended, 'cancelled after 1 event')
    // Whoever is gone hears nothing, and nothing breaks.
    assert.equal(asked.write('more'), false)
    asked.events(two)
    asked.end()
    asked.reset()
  })

  it('leaves the log as it was when the client has left before its head', async () => {
    const left = new AbortController()
    const answer = fetch(`${emulator.url}/v1beta/models/${stream}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key' },
      body: JSON.stringify(question),
      signal: left.signal,
    })
    const asked = await emulator.next()
    left.abort()
    await Promise.all([assert.rejects(answer), asked.left])
    asked.reply(one)
    asked.refuse(503)
    await new Promise(setImmediate)
    const ended = 'cancelled after 0 events'
    assert.deepEqual(await logged(), { status: undefined, events: 0, bytes: 0, ended })
  })

  it('waits for a client that reads slowly', async () => {
    const answer = fetch(`${emulator.url}/v1beta/models/${stream}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key' },
      body: JSON.stringify(question),
    })
    const asked = await emulator.next()
    asked.begin()
    const response = await answer
    while (asked.write('x'.repeat(1_000_000)));
    const text = response.text()
    await asked.drained()
    asked.end()
    assert.ok((await text).length >= 1_000_000)
    assert.equal((await logged()).bytes, (await text).length)
  })

  it('is waited for no longer than the client stays', async () => {
    const left = new AbortController()
    const answer = fetch(`${emulator.url}/v1beta/models/${stream}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key' },
      body: JSON.stringify(question),
      signal: left.signal,
    })
    const asked = await emulator.next()
    asked.begin()
    await answer
    while (asked.write('x'.repeat(1_000_000)));
    left.abort()
    await asked.drained()
    assert.equal(asked.gone, true)
  })

  it('is the emulator’s, which closes', async () => {
    const short = await startByHand()
    const answer = new Client(short.url, 'gemini-api').post(whole, question)
    const asked = await short.next()
    await Promise.all([assert.rejects(answer), short.close()])
    await asked.left
    assert.equal((await logged(short)).ended, 'cancelled after 0 events')
  })
})

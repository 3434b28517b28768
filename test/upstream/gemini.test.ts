import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Asked, startByHand } from '../../src/emulator/by-hand.ts'
import { said } from '../support/gemini.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { eventsIn } from '../support/raw-client.ts'

const google = await startByHand()
const messages = [{ role: 'user', content: 'Hi' }]
const env = {
  POLLUX_AUTH: 'passthrough',
  GOOGLE_CLOUD_PROJECT: 'p',
  GEMINI_API_KEY: 'k',
  GOOGLE_GEMINI_BASE_URL: google.url,
  GOOGLE_VERTEX_BASE_URL: google.url,
}
let gateway: Gateway
before(async () => {
  gateway = await startGateway(env)
})
after(async () => {
  await gateway.close()
  await google.close()
})

/** Asks with a client's own token; Google answers as ever, or so. Gives what Google saw as well. */
async function ask(body: object, reply: (asked: Asked) => void = (asked) => asked.usual()) {
  const before = google.requests.length
  google.answer(reply)
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer ya29.token' },
    body: JSON.stringify({ model: 'gemini/gemini-2.5-flash', messages, ...body }),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  return { response, text, seen: google.requests.slice(before) }
}

describe('a question to Gemini', () => {
  it('asks for a whole answer', async () => {
    const { seen } = await ask({})
    assert.deepEqual(
      seen.map(({ method, url }) => [method, url]),
      [['POST', '/v1beta/models/gemini-2.5-flash:generateContent']],
    )
    assert.deepEqual(seen[0]?.body, { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] })
  })

  it('asks for a stream, as server-sent events', async () => {
    const { seen, text } = await ask({ stream: true })
    assert.deepEqual(
      seen.map(({ url }) => url),
      ['/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse'],
    )
    assert.equal(eventsIn(text).at(-1), '[DONE]')
  })

  it('wants plain bytes, says that it sends JSON, and nothing about who asks', async () => {
    const { seen } = await ask({})
    const { headers } = seen[0] ?? assert.fail()
    assert.equal(headers['accept-encoding'], 'identity')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['user-agent'], undefined)
  })

  it('names the tier where each API looks for it', async () => {
    const developer = await ask({ service_tier: 'flex' })
    assert.deepEqual(developer.seen[0]?.body, {
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      serviceTier: 'flex',
    })
    const vertex = await ask({ service_tier: 'flex', model: 'vertex/gemini-2.5-flash' })
    assert.deepEqual(vertex.seen[0]?.body, {
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    })
    assert.equal(vertex.seen[0].headers['x-vertex-ai-llm-shared-request-type'], 'flex')
  })

  it('is not asked again where Google says that the request is wrong', async () => {
    for (const status of [400, 401, 403, 404, 409, 413, 429]) {
      const { seen, response } = await ask({}, (asked) =>
        asked.refuse(status, 'No.', { status: 'X' }),
      )
      assert.equal(seen.length, 1)
      assert.equal(response.status, status)
    }
  })
})

describe('an answer of Gemini’s', () => {
  it('may come in one read or in many, in events or in arrays', async () => {
    const events = [said('one '), said('two '), said('three', 'STOP')]
    const ways: ((asked: Asked) => void)[] = [
      (asked) => asked.events(...events),
      (asked) => {
        for (const event of events) asked.events(event)
      },
      (asked) => asked.write(`data: ${JSON.stringify(events)}\n\n`),
      (asked) => asked.write(JSON.stringify(events, null, 2)),
      (asked) => asked.write(events.map((event) => `data:${JSON.stringify(event)}\r\r`).join('')),
      (asked) => {
        asked.write(': a comment\n\nevent: message\nid: 1\n')
        asked.events(...events)
      },
      (asked) => {
        // The last event has no blank line after it.
        asked.write(events.map((event) => `data: ${JSON.stringify(event)}`).join('\n\n'))
      },
    ]
    for (const way of ways) {
      const { text } = await ask({ stream: true }, (asked) => {
        asked.begin()
        way(asked)
        asked.end()
      })
      const events = eventsIn(text)
      const content = events.slice(0, -1).map((event) => {
        const chunk: { choices: { delta: { content?: string } }[] } = JSON.parse(event)
        return chunk.choices[0]?.delta.content ?? ''
      })
      assert.equal(events.at(-1), '[DONE]', way.toString())
      assert.equal(content.join(''), 'one two three')
    }
  })

  it('may hold an event of several MB', async () => {
    const large = 'x'.repeat(5_000_000)
    const { text } = await ask({ stream: true }, (asked) => asked.reply(said(large, 'STOP')))
    assert.ok(text.includes(large))
    assert.ok(text.trimEnd().endsWith('[DONE]'))
  })

  it('is refused when an event has no end', async () => {
    let piece = 0
    const { response, text } = await ask({ stream: true }, (asked) => {
      asked.begin()
      asked.write('data: "')
      const filler = 'x'.repeat(1024 * 1024)
      while (piece < 20 && !asked.gone) {
        asked.write(filler)
        piece += 1
      }
    })
    assert.equal(response.status, 502)
    assert.match(text, /"type":"server_error"/)
    assert.doesNotMatch(text, /gateway made a mistake/)
  })

  it('brings no header of Google’s to the client', async () => {
    const { response } = await ask({}, (asked) =>
      asked.json(200, said('x', 'STOP'), { 'set-cookie': 'a=b', 'x-canary': '1', server: 'ESF' }),
    )
    assert.equal(response.headers.get('set-cookie'), null)
    assert.equal(response.headers.get('x-canary'), null)
    assert.equal(response.headers.get('server'), null)
  })
})

describe('the names of what was ignored', () => {
  it('cannot break the header they stand in', async () => {
    const { response } = await ask({
      store: true,
      'evil\r\nx-injected: 1': 1,
      'with space': 1,
      ünïcode: 1,
      '': 1,
      [`long${'x'.repeat(100)}`]: 1,
    })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('x-injected'), null)
    assert.equal(response.headers.get('x-pollux-ignored'), 'store')
  })

  it('are not endless', async () => {
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`name_${n}`, n]))
    const { response } = await ask(many)
    assert.equal(response.status, 200)
    assert.ok((response.headers.get('x-pollux-ignored') ?? '').length < 4_000)
  })
})

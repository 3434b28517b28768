import assert from 'node:assert/strict'
import { after, beforeEach, describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/server.ts'
import { toCallId } from '../../src/translate/chat/call-id.ts'
import { keptMs, memorySignatures, toKey } from '../../src/upstream/signatures.ts'
import { type Asked, startByHand } from '../../src/emulator/by-hand.ts'
import { said } from '../support/gemini.ts'
import { countsOf, type LoopOptions, playLoop } from '../support/forgetful-client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { isRecord } from '../support/shared.ts'
import { brokenTurnRules } from '../support/turn-rules.ts'

const emulator = await startEmulator()
const google = await startByHand()
const gateways: Gateway[] = []
after(async () => {
  for (const gateway of gateways) await gateway.close()
  await emulator.close()
  await google.close()
})

/** A gateway with an empty memory, in front of both APIs at one address. */
async function start(upstream: string): Promise<string> {
  const gateway = await startGateway({
    POLLUX_AUTH: 'passthrough',
    GOOGLE_CLOUD_PROJECT: 'p',
    GOOGLE_GEMINI_BASE_URL: upstream,
    GOOGLE_VERTEX_BASE_URL: upstream,
  })
  gateways.push(gateway)
  return gateway.url
}

const headers = { authorization: 'Bearer ya29.token' }
const plainDummy = 'skip_thought_signature_validator'
const dummies = [plainDummy, btoa(plainDummy)]

/** Plays the loop and says what came of it. */
async function outcome(options: LoopOptions) {
  const url = await start(emulator.url)
  emulator.log.clear()
  const steps = await playLoop(() => url, { headers, ...options })
  const sent = emulator.log.entries.map(({ body }) => (isRecord(body) ? body.contents : undefined))
  return { steps, sent, counts: await countsOf(url) }
}

/** The signatures of the first calls in a request's turns. */
function signaturesIn(contents: unknown): unknown[] {
  const turns: unknown[] = Array.isArray(contents) ? contents : []
  return turns.filter(isRecord).flatMap(({ parts }) => {
    const list: unknown[] = Array.isArray(parts) ? parts : []
    const first = list.filter(isRecord).find((part) => isRecord(part.functionCall))
    return first === undefined ? [] : [first.thoughtSignature]
  })
}

const statuses = (steps: { status: number }[]) => steps.map(({ status }) => status)
const repairs = (steps: { repaired: string[] }[]) => [
  ...new Set(steps.flatMap(({ repaired }) => repaired)),
]

describe('a loop of tools whose client drops every extra field', () => {
  for (const name of [
    'gemini/gemini-3-flash-preview',
    'gemini/gemini-3.8-flash',
    'vertex/gemini-3.8-flash',
  ]) {
    for (const stream of [false, true]) {
      it(`goes on with the remembered signatures: ${name}, ${stream ? 'streamed' : 'whole'}`, async () => {
        const { steps, sent, counts } = await outcome({ model: name, stream })
        assert.deepEqual(statuses(steps), [200, 200, 200, 200])
        assert.deepEqual(
          steps.map(({ calls }) => calls.map((call) => call.name)),
          [
            ['get_weather', 'get_weather'],
            ['find_hotels', 'find_hotels'],
            ['send_mail', 'send_mail'],
            [],
          ],
        )
        // Each request tells of one step more: 1 + 2 + 3.
        assert.deepEqual(counts, { client: 0, store: 6, dummy: 0 })
        const signed = steps.slice(0, 3).map(({ calls }) => calls[0]?.signature)
        assert.deepEqual(signaturesIn(sent.at(-1)), signed)
        assert.equal(new Set(signed).size, 3)
        for (const contents of sent)
          assert.deepEqual(brokenTurnRules(contents, { signed: true, prefill: false }), [])
        assert.deepEqual(repairs(steps), ['tool_results_reordered'])
      })
    }
  }

  const rewrites: Record<string, (id: string) => string> = {
    'cut at 40 characters': (id) => id.slice(0, 40),
    'cut at 29 characters': (id) => id.slice(0, 29),
    'with hyphens for underscores': (id) => id.replaceAll('_', '-'),
    'without hyphens and underscores': (id) => id.replaceAll(/[-_]/g, ''),
    'with underscores for hyphens, and cut': (id) => id.replaceAll('-', '_').slice(0, 40),
  }
  for (const [how, rewrite] of Object.entries(rewrites)) {
    it(`finds them by ids ${how}`, async () => {
      const { steps, counts } = await outcome({ model: 'gemini/gemini-3-flash-preview', rewrite })
      assert.deepEqual(statuses(steps), [200, 200, 200, 200])
      assert.deepEqual(counts, { client: 0, store: 6, dummy: 0 })
    })
  }

  it('goes on with the placeholder for ids that nobody remembers, and is told so', async () => {
    for (const model of ['gemini/gemini-3-flash-preview', 'vertex/gemini-3.8-flash']) {
      const { steps, counts, sent } = await outcome({
        model,
        rewrite: (id) => `toolu_${id.toUpperCase()}`,
      })
      assert.deepEqual(statuses(steps), [200, 200, 200, 200])
      assert.deepEqual(counts, { client: 0, store: 0, dummy: 6 })
      assert.deepEqual(
        steps.map(({ repaired }) => repaired.includes('signature_missing')),
        [false, true, true, true],
      )
      const dummy = model.startsWith('vertex/') ? btoa(plainDummy) : plainDummy
      assert.deepEqual(signaturesIn(sent.at(-1)), [dummy, dummy, dummy])
    }
  })

  it('needs no signature before Gemini 3', async () => {
    const { steps, sent } = await outcome({
      model: 'gemini/gemini-2.5-flash',
      rewrite: (id) => `x${id}`,
    })
    assert.deepEqual(statuses(steps), [200, 200, 200, 200])
    assert.ok(!JSON.stringify(sent).includes(plainDummy))
    assert.ok(!repairs(steps).includes('signature_missing'))
  })
})

describe('a loop of tools whose client keeps the signatures', () => {
  it('uses the client’s own', async () => {
    const { steps, counts } = await outcome({
      model: 'gemini/gemini-3-flash-preview',
      faithful: true,
    })
    assert.deepEqual(statuses(steps), [200, 200, 200, 200])
    assert.deepEqual(counts, { client: 6, store: 0, dummy: 0 })
  })
})

/** The ids of all calls, or of all results, in a request's turns. */
function idsIn(contents: unknown, kind: 'functionCall' | 'functionResponse'): unknown[] {
  const turns: unknown[] = Array.isArray(contents) ? contents : []
  const parts = turns.filter(isRecord).flatMap((turn): unknown[] => {
    return Array.isArray(turn.parts) ? turn.parts : []
  })
  return parts.filter(isRecord).flatMap((part) => {
    const found = part[kind]
    return isRecord(found) ? [found.id] : []
  })
}

describe('Gemini’s own ids of calls', () => {
  for (const faithful of [false, true]) {
    it(`come back to Vertex AI with all calls of a step or with none, ${faithful ? 'signed by the client' : 'remembered'}`, async () => {
      const url = await start(google.url)
      const turns: unknown[] = []
      google.answer((asked: Asked) => {
        const contents = isRecord(asked.body) ? asked.body.contents : []
        turns.push(contents)
        if (turns.length > 1) return asked.reply(said('done', 'STOP'))
        const signature = Buffer.alloc(48, 9).toString('base64')
        const parts = [
          {
            functionCall: { name: 'get_weather', args: {}, id: 'n1' },
            thoughtSignature: signature,
          },
          { functionCall: { name: 'get_weather', args: {}, id: 'n2' } },
        ]
        asked.json(200, {
          candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }],
        })
      })
      await playLoop(() => url, { model: 'vertex/gemini-3.8-flash', headers, faithful })
      const called = idsIn(turns[1], 'functionCall')
      assert.equal(called.length, 2)
      assert.ok(
        [['n1', 'n2'].join(), [undefined, undefined].join()].includes(called.join()),
        `the calls have the ids ${called.map(String).join(', ')}`,
      )
      assert.deepEqual(idsIn(turns[1], 'functionResponse'), called)
    })
  }
})

describe('a call of an older turn, or of another gateway', () => {
  it('has the placeholder in place of a signature', async () => {
    const history = [
      { role: 'user', content: 'Before.' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'abc', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'abc', content: 'fine' },
      { role: 'assistant', content: 'It is fine.' },
    ]
    const { steps, counts } = await outcome({ model: 'gemini/gemini-3-flash-preview', history })
    assert.deepEqual(statuses(steps), [200, 200, 200, 200])
    assert.deepEqual(counts, { client: 0, store: 6, dummy: 4 })
  })
})

function callOf(given?: string) {
  return {
    id: 'call_1',
    type: 'function',
    function: { name: 'f', arguments: '{}' },
    ...(given !== undefined && { extra_content: { google: { thought_signature: given } } }),
  }
}

function turnOf(given?: string) {
  return [
    { role: 'user', content: 'Do it.' },
    { role: 'assistant', content: null, tool_calls: [callOf(given)] },
    { role: 'tool', tool_call_id: 'call_1', content: 'done' },
  ]
}

describe('a signature that Google refuses', () => {
  const signature = Buffer.alloc(48, 7).toString('base64')
  const refusals = [
    'Thought signature is not valid.',
    'Corrupted thought signature.',
    'Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:f` , position 2.',
  ]
  let seen: unknown[][] = []
  let url = ''
  beforeEach(async () => {
    seen = []
    url ||= await start(google.url)
  })

  /** Google takes a history when the signatures of its calls please it, and refuses it otherwise. */
  function pleasedBy(pleases: (signatures: unknown[]) => boolean, message = refusals[0] ?? '') {
    google.answer((asked: Asked) => {
      const signatures = signaturesIn(isRecord(asked.body) ? asked.body.contents : [])
      seen.push(signatures)
      if (!pleases(signatures)) return asked.refuse(400, message)
      asked.reply(said('well', 'STOP'))
    })
  }

  async function ask(body: object) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'gemini/gemini-3-flash-preview', ...body }),
      signal: AbortSignal.timeout(10_000),
    })
    return {
      status: response.status,
      text: await response.text(),
      repaired: response.headers.get('x-pollux-repaired'),
    }
  }

  for (const message of refusals) {
    for (const stream of [false, true]) {
      it(`is replaced once: ${message.slice(0, 40)}, ${stream ? 'streamed' : 'whole'}`, async () => {
        pleasedBy((signatures) => dummies.includes(String(signatures[0])), message)
        const { status, text, repaired } = await ask({ stream, messages: turnOf(signature) })
        assert.equal(status, 200)
        assert.match(text, /well/)
        assert.deepEqual(seen, [[signature], [plainDummy]])
        assert.equal(repaired, 'signatures_replaced')
      })
    }
  }

  it('is replaced by the form that Vertex AI reads', async () => {
    pleasedBy((signatures) => signatures[0] === btoa(plainDummy))
    const model = 'vertex/gemini-3.8-flash'
    const { status, repaired } = await ask({ model, messages: turnOf(signature) })
    assert.equal(status, 200)
    assert.deepEqual(seen, [[signature], [btoa(plainDummy)]])
    assert.equal(repaired, 'signatures_replaced')
  })

  it('is replaced by the placeholder’s other form where the first is refused too', async () => {
    pleasedBy((signatures) => signatures[0] === btoa(plainDummy))
    assert.equal((await ask({ messages: turnOf(signature) })).status, 200)
    assert.deepEqual(seen, [[signature], [plainDummy], [btoa(plainDummy)]])
  })

  it('is replaced in the current turn alone', async () => {
    pleasedBy((signatures) => dummies.includes(String(signatures[1])))
    const messages = [
      ...turnOf(signature),
      { role: 'assistant', content: 'Done.' },
      ...turnOf(signature),
    ]
    assert.equal((await ask({ messages })).status, 200)
    assert.deepEqual(seen, [
      [signature, signature],
      [signature, plainDummy],
    ])
  })

  it('may be missing on an older model that wants one after all', async () => {
    pleasedBy((signatures) => dummies.includes(String(signatures[0])), refusals[2])
    const { status } = await ask({ model: 'gemini/gemini-2.5-flash', messages: turnOf() })
    assert.equal(status, 200)
    assert.deepEqual(seen, [[undefined], [plainDummy]])
  })

  for (const stream of [false, true]) {
    it(`is the client’s to know of when Google refuses everything, ${stream ? 'streamed' : 'whole'}`, async () => {
      pleasedBy(() => false)
      const { status, text } = await ask({ stream, messages: turnOf(signature) })
      assert.equal(status, 400)
      assert.match(text, /Thought signature is not valid/)
      assert.match(text, /"type":"invalid_request_error"/)
      // As it came, and once in either form of the placeholder.
      assert.ok(seen.length <= 3, `asked ${seen.length} times`)
    })
  }
})

function known(signature: string) {
  return { signature }
}

describe('the memory of signatures', () => {
  it('keeps what the key of an id leaves of it', () => {
    const id = 'call_0x1xAbCd-Ef_GhIjKlMnOpQrStUvWx'
    for (const variant of [id, id.replaceAll('_', '-'), id.replaceAll(/[-_]/g, '')]) {
      assert.equal(toKey(variant), toKey(id))
    }
    assert.notEqual(toKey(id), toKey(id.replace('0x1x', '0x2x')))
  })

  it('forgets the least used beyond 10,000 calls', async () => {
    const memory = memorySignatures()
    const calls = Array.from({ length: 10_000 }, (_, n) => [`call_${n}`, known(`${n}`)] as const)
    await memory.remember(new Map(calls))
    assert.equal((await memory.recall(['call_0'])).size, 1)
    await memory.remember(new Map([['call_one-more', known('one more')]]))
    const found = await memory.recall(['call_0', 'call_1', 'call_2', 'call_9999', 'call_one-more'])
    assert.deepEqual([...found.keys()], ['call_0', 'call_2', 'call_9999', 'call_one-more'])
    await memory.close()
  })

  it('forgets the least used beyond 64 MiB', async () => {
    const memory = memorySignatures()
    const large = 'x'.repeat(1024 * 1024)
    const ids = Array.from({ length: 80 }, (_, n) => `call_large${n}`)
    for (const id of ids) await memory.remember(new Map([[id, known(large)]]))
    const found = [...(await memory.recall(ids)).keys()]
    assert.ok(found.length <= 64 && found.length >= 60, `${found.length} MiB are kept`)
    assert.deepEqual(found, ids.slice(-found.length))
    await memory.close()
  })

  it('forgets after six hours', async (t) => {
    const memory = memorySignatures()
    const start = performance.now()
    let passed = 0
    t.mock.method(performance, 'now', () => start + passed)
    await memory.remember(new Map([['call_old', known('old')]]))
    passed = 6 * 60 * 60 * 1000 - 1000
    // Its clock stands still for a millisecond at a time.
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await memory.recall(['call_old'])).size, 1)
    passed = keptMs + 1000
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await memory.recall(['call_old'])).size, 0)
    assert.equal(keptMs, 6 * 60 * 60 * 1000)
    await memory.close()
  })

  it('is asked by the id as it came, and answers by it', async () => {
    const memory = memorySignatures()
    await memory.remember(new Map([['call_0x0xabcdefghijkl', { signature: 's', nativeId: 'n' }]]))
    const found = await memory.recall(['call-0x0xabcdefghijkl', 'call_unknown'])
    assert.deepEqual([...found], [['call-0x0xabcdefghijkl', { signature: 's', nativeId: 'n' }]])
    await memory.close()
  })
})

describe('the key of a call whose answer has an id of the gateway', () => {
  it('holds sixteen of the letters that no two answers share', () => {
    const key = toKey(toCallId('chatcmpl-0f8fad5b-d9cb-469f-a165-70867728950e', 0, 1))
    assert.equal(key, '0x1x0f8fad5bd9cb469f')
  })
})

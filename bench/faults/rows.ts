import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Emulator } from '../../src/emulator/server.ts'
import type { Gateway, Start } from './gateways.ts'
import { startPump } from './pump.ts'
import { ask, inWords, live, type Story, tell } from './story.ts'

/** What a gateway did, and whether it was right. */
export interface Verdict {
  seen: string
  right: boolean
}

/** What goes wrong, and what a client must see of it. */
export interface Row {
  fault: string
  must: string
  run(scene: Scene): Promise<Verdict>
}

/** A gateway between its client and its Google. */
export interface Scene {
  gateway: Gateway
  emulator: Emulator
  /** For what a gateway does not survive. */
  start: Start
}

/** A text that comes in 60 events. */
const long = `Repeat: ${'one two three four five six seven eight '.repeat(60)}`.trim()

const question = (content: unknown, more: object = {}) => ({
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content }],
  ...more,
})

const streamed = (fault: string) => question(`${long} [[fault:${fault}]]`, { stream: true })

/** A row about one broken stream. */
function stream(
  fault: string,
  word: string,
  must: string,
  isRight: (story: Story) => boolean,
): Row {
  return {
    fault,
    must,
    async run({ gateway }) {
      const story = await live(gateway, streamed(word), gateway.patient)
      return { seen: inWords(story), right: isRight(story) }
    },
  }
}

/** The client knows that it has not got everything. */
function isToldOff({ error, done, finish, end }: Story): boolean {
  return error !== undefined && !done && finish === undefined && end === 'clean'
}

/** A row about requests that no model should ever see. */
function refused(
  fault: string,
  must: string,
  bodies: Record<string, object | string>,
  isRight: (story: Story) => boolean,
): Row {
  return {
    fault,
    must,
    async run({ gateway, emulator }) {
      const seen: string[] = []
      let right = true
      for (const [name, body] of Object.entries(bodies)) {
        const before = emulator.log.count
        const story = await live(gateway, body)
        const asked = emulator.log.entries.filter(({ number }) => number > before)
        right &&= isRight(story) && asked.length === 0
        const upstream = asked.map(({ path }) => `, asked upstream for \`${path}\``)
        seen.push(`${name} → ${inWords(story)}${upstream.join('')}`)
      }
      return { seen: seen.join('<br>'), right }
    },
  }
}

/** A row about a client that hangs up after a while. */
function hangUp(fault: string, body: object, afterMs: number): Row {
  return {
    fault,
    must: 'the call upstream is cancelled within 100 ms',
    async run({ gateway, emulator }) {
      const number = emulator.log.count + 1
      const asked = ask(gateway, body)
      asked.response.catch(() => undefined)
      await sleep(afterMs)
      const left = performance.now()
      asked.request.destroy()
      const { ended = '' } = await emulator.log.ended(number)
      const took = performance.now() - left
      return {
        seen: `upstream ${ended}, ${took.toFixed(0)} ms later`,
        right: ended.startsWith('cancelled') && took <= 100,
      }
    },
  }
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const deepSchema = `${'{"type":"object","properties":{"a":'.repeat(2_000)}{"type":"string"}${'}}'.repeat(2_000)}`
const says = '"model":"gemini-2.5-flash","messages":[{"role":"user","content":"Hi"}]'

const isRefused = ({ status, shaped }: Story) => status === 400 && shaped

/** Fourteen ways in which gateways go wrong. */
export const rows: Row[] = [
  {
    fault: 'none: a healthy stream',
    must: 'every piece, `finish_reason`, `[DONE]`',
    async run({ gateway }) {
      const story = await live(gateway, question(long, { stream: true }))
      const right =
        story.pieces > 50 && story.finish === 'stop' && story.done && story.end === 'clean'
      return { seen: inWords(story), right }
    },
  },
  stream(
    'the upstream resets after 40 events',
    'pace=5;reset@40+10',
    '40 pieces, an error event, no `[DONE]`',
    (story) => isToldOff(story) && story.pieces === 40,
  ),
  stream(
    'the upstream ends without a finishReason',
    'fin@40',
    '40 pieces, an error event, no `[DONE]`',
    (story) => isToldOff(story) && story.pieces === 40,
  ),
  stream(
    'an error object in the stream',
    'error@40=503',
    '40 pieces, an error event, no `[DONE]`',
    (story) => isToldOff(story) && story.pieces === 40,
  ),
  stream(
    'one malformed event',
    'malformed@10',
    'an error event, or the rest; never a silent end',
    (story) => isToldOff(story) || (story.done && story.finish === 'stop' && story.pieces > 50),
  ),
  stream(
    'a stall after 20 events; both are told to wait 1 s',
    'stall@20',
    '20 pieces, an error event within 4 s',
    (story) => isToldOff(story) && story.pieces === 20,
  ),
  refused(
    'a model that climbs: `../../evil?x=`',
    '400 or 404, nothing asked upstream',
    { model: question('Hi', { model: '../../evil?x=' }) },
    ({ status, shaped }) => [400, 404].includes(status) && shaped,
  ),
  refused(
    'JSON and a tool schema thousands of levels deep',
    '400',
    {
      'nested JSON': `{"model":"gemini-2.5-flash","messages":[{"role":"user","content":${nested(6_000)}}]}`,
      'tool schema': `{${says},"tools":[{"type":"function","function":{"name":"f","parameters":${deepSchema}}}]}`,
    },
    isRefused,
  ),
  refused(
    'bodies that are wrong',
    '400 each, in OpenAI’s shape',
    {
      '`{a`': '{a',
      '`messages: 5`': question('Hi', { messages: 5 }),
      '`model: 5`': question('Hi', { model: 5 }),
      '`tools: "x"`': question('Hi', { tools: 'x' }),
    },
    isRefused,
  ),
  refused(
    'fields that are wrong',
    '400 each, naming `param`',
    { '`messages: null`': question('Hi', { messages: null }), '`content: 5`': question(5) },
    (story) => isRefused(story) && story.param !== undefined,
  ),
  hangUp('the client of a stream leaves', streamed('pace=50'), 500),
  hangUp('the client of a whole answer leaves', question('Hi [[fault:delay=3500]]'), 500),
  {
    fault: 'SIGTERM in the middle of a stream',
    must: 'the stream comes to its end, exit 0',
    async run({ emulator, start }) {
      const gateway = await start(emulator.url)
      try {
        const asked = ask(gateway, streamed('pace=30'))
        const story = tell(asked, performance.now())
        await asked.response
        await sleep(500)
        gateway.signal('SIGTERM')
        const told = await Promise.race([story, sleep(10_000)])
        const exit = await Promise.race([gateway.exited(), sleep(10_000)])
        const seen = told === undefined ? 'the stream never ended' : inWords(told)
        return {
          seen: `${seen}; ${exit === undefined ? 'still runs' : `exit ${exit}`}`,
          right: told?.done === true && told.finish === 'stop' && exit === 0,
        }
      } finally {
        gateway.kill()
      }
    },
  },
  {
    fault: '100 clients that never read, a fast upstream',
    must: 'at most 1 MiB a client more than with 100 that read, and flat',
    async run({ start }) {
      const [reading = 0] = await memoryWith(start, (head) => head.resume(), [5_000])
      const marks = [10_000, 20_000, 30_000]
      const [early = 0, middle = 0, late = 0] = await memoryWith(
        start,
        (head) => head.pause(),
        marks,
      )
      const told = [early, middle, late].map((mb) => mb.toFixed(0)).join(', ')
      return {
        seen: `${reading.toFixed(0)} MB with readers; ${told} MB after 10, 20, 30 s without`,
        right: late - reading <= 100 && late - middle < 5,
      }
    },
  },
]

/** Memory in MB at these milliseconds, with 100 clients that do so with an endless answer. */
async function memoryWith(
  start: Start,
  treat: (head: IncomingMessage) => unknown,
  marks: number[],
): Promise<number[]> {
  const pump = await startPump()
  const gateway = await start(pump.url)
  try {
    const clients = Array.from({ length: 100 }, () =>
      ask(gateway, question('Hi', { stream: true })),
    )
    for (const { response } of clients) response.then(treat, () => undefined)
    const began = performance.now()
    const seen: number[] = []
    for (const mark of marks) {
      await sleep(mark - (performance.now() - began))
      seen.push(gateway.rss())
    }
    for (const client of clients) client.request.destroy()
    return seen
  } finally {
    gateway.kill()
    await pump.close()
  }
}

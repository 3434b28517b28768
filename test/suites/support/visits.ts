import { setTimeout as sleep } from 'node:timers/promises'
import { playLoop } from '../../support/forgetful-client.ts'
import { askChat, chat, hear, isComplete, type Outcome, streamed } from './chat-client.ts'

/** What one client did, and what was wrong with what it got. */
export interface Visit {
  kind: Kind
  /** How many requests it was. */
  requests: number
  /** Undefined where all was as it should be. */
  wrong: string | undefined
  /** Whether it was refused because too many others were being tried again at that time. */
  unlucky?: boolean
}

export type Kind = 'stream' | 'whole' | 'loop' | 'fault' | 'disconnect'

/** One visit of the mixed load; `random` decides which, `number` makes it like no other. */
export async function visit(url: string, number: number, random: () => number): Promise<Visit> {
  const kind = toKind(random())
  try {
    return { kind, ...(await visits[kind](url, number, random)) }
  } catch (error) {
    return { kind, requests: 1, wrong: String(error) }
  }
}

/** 70 % streams and 20 % whole answers, some of each in tool loops; 5 % faults, 5 % disconnects. */
function toKind(share: number): Kind {
  if (share < 0.67) return 'stream'
  if (share < 0.86) return 'whole'
  if (share < 0.9) return 'loop'
  return share < 0.95 ? 'fault' : 'disconnect'
}

type Visitor = (url: string, number: number, random: () => number) => Promise<Omit<Visit, 'kind'>>

const visits: Record<Kind, Visitor> = {
  async stream(url, number, random) {
    const pause = Math.floor(random() * 60)
    const prompt = `Explain the sea, part ${number}. [[slow:${pause}]]`
    return judged(await askChat(url, streamed(prompt)), 'complete')
  },
  async whole(url, number) {
    const outcome = await askChat(url, chat(`Tell a story, number ${number}.`))
    return judged(outcome, 'answered')
  },
  async loop(url, _number, random) {
    const [streams, faithful] = [random() < 0.75, random() < 0.5]
    const model = random() < 0.5 ? 'gemini-3-pro-preview' : 'gemini-2.5-flash'
    const steps = await playLoop(() => url, {
      model,
      stream: streams,
      faithful,
      // fetch would keep its connections, which are then no leak.
      headers: { connection: 'close' },
    })
    const refused = steps.find(({ status }) => status !== 200)
    const last = steps.at(-1)
    if (refused !== undefined) return { requests: steps.length, wrong: refused.text.slice(0, 200) }
    // Three rounds of calls, and what came of them.
    const ended = steps.length >= 2 && last !== undefined && last.content !== ''
    return { requests: steps.length, wrong: ended ? undefined : 'a loop without an answer' }
  },
  async fault(url, number, random) {
    const fault = faults[Math.floor(random() * faults.length)] ?? faults[0]
    const { words, becomes, status } = fault
    const prompt = `Explain the sea. [[fault:${words.replace('KEY', `visit-${number}`)}]]`
    const outcome = await askChat(url, streamed(prompt))
    const unlucky = status !== undefined && outcome.status === status
    return { ...judged(outcome, unlucky ? status : becomes, words), unlucky }
  },
  async disconnect(url, number, random) {
    const leaving = new AbortController()
    const asked = askChat(url, streamed(`Explain the sea, part ${number}. [[slow:100]]`), {
      signal: leaving.signal,
    })
    await sleep(random() * 600)
    leaving.abort()
    const { status } = await asked
    return { requests: 1, wrong: status === 0 || status === 200 ? undefined : `${status}` }
  },
}

/** What a request is to come to: a whole answer, an error event in its midst, or a refusal. */
type End = 'complete' | 'answered' | 'told' | number

/** What goes wrong at the model, and what a client of the gateway gets of it. */
const faults: [Fault, ...Fault[]] = [
  { words: 'reset@2', becomes: 'told' },
  { words: 'fin@2', becomes: 'told' },
  { words: 'error@2=503', becomes: 'told' },
  { words: 'malformed@2', becomes: 'told' },
  { words: 'stall@2', becomes: 'told' },
  { words: 'huge@1=300000', becomes: 'complete' },
  { words: 'split=64', becomes: 'complete' },
  { words: 'delay=500', becomes: 'complete' },
  { words: 'status=503;times=1;key=KEY', becomes: 'complete', status: 503 },
  { words: 'status=429;retry-info=1;times=1;key=KEY', becomes: 'complete', status: 429 },
  { words: 'close-before-headers', becomes: 502 },
  { words: 'status=503', becomes: 503 },
  { words: 'status=400', becomes: 400 },
]

interface Fault {
  words: string
  becomes: End
  /** What it is where the budget for retries is spent. */
  status?: number
}

function judged(outcome: Outcome, expected: End, what = 'no fault'): Omit<Visit, 'kind'> {
  if (isAs(outcome, expected)) return { requests: 1, wrong: undefined }
  const { status, broken, body } = outcome
  const wrong = `${what}: ${expected} expected, got ${status} ${broken ?? ''} ${body.slice(-200)}`
  return { requests: 1, wrong }
}

function isAs(outcome: Outcome, expected: End): boolean {
  const { status, broken, body } = outcome
  switch (expected) {
    case 'complete':
      return isComplete(outcome)
    case 'answered':
      return status === 200 && broken === undefined && body.includes('"finish_reason":"stop"')
    case 'told': {
      const { done, finishes, error } = hear(body)
      return (
        status === 200 &&
        broken === undefined &&
        !done &&
        finishes.length === 0 &&
        error !== undefined
      )
    }
    default:
      return status === expected && body.includes('"error"')
  }
}

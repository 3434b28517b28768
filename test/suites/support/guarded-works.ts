import { history, sentence, steps, tools } from './histories.ts'
import {
  type Answering,
  answering,
  asking,
  dripping,
  eventsOf,
  streaming,
  type Work,
} from './work.ts'

/** Work as it mostly comes. */
export interface GuardedWork {
  /** What it is counted in. */
  unit: 'request' | 'answer' | 'event' | 'stream'
  /** How many of these it is. */
  units: number
  make: () => Work
}

/** What the translation must not allocate more for than it does. */
export const guardedWorks = {
  'a small request': {
    unit: 'request',
    units: 1,
    make: () =>
      asking({
        messages: [
          { role: 'system', content: 'You are a helpful assistant.' },
          { role: 'user', content: 'Say hello to the world, please.' },
        ],
        temperature: 0.7,
        max_tokens: 256,
      }),
  },
  'a request of 20 kB, with tools': {
    unit: 'request',
    units: 1,
    make: agentStep,
  },
  'the same with tools that are known': {
    unit: 'request',
    units: 1,
    make: () => ({ ...agentStep(), again: true as const }),
  },
  'a whole answer': {
    unit: 'answer',
    units: 1,
    make: () => answering([{ text: sentence.repeat(10) }]),
  },
  'a stream of 100 events': {
    unit: 'event',
    units: 100,
    make: () => streaming(eventsOf(100, word)),
  },
  'a stream of 100 events, one a read': {
    unit: 'event',
    units: 100,
    make: () => dripping(eventsOf(100, word)),
  },
  'a stream of thoughts, text and calls': {
    unit: 'event',
    units: 100,
    make: () =>
      streaming(eventsOf(100, thoughtful), {
        extra_body: { google: { thinking_config: { include_thoughts: true } } },
        tools: tools(1),
      }),
  },
  'a stream of a call’s arguments': {
    unit: 'event',
    units: 100,
    make: () => streaming(eventsOf(100, argument)),
  },
} satisfies Record<string, GuardedWork>

/** Streams that are open when so much of them has come, one event a read. */
export const heldWorks = {
  'what a stream holds after 200 events': {
    unit: 'stream',
    units: 1,
    make: () => dripping(eventsOf(200, word)),
  },
  'what a stream holds after 1,000 events': {
    unit: 'stream',
    units: 1,
    make: () => dripping(eventsOf(1_000, word)),
  },
} satisfies Record<string, GuardedWork & { make: () => Answering }>

function agentStep() {
  return asking({
    messages: [...history(41), ...steps(20)],
    tools: tools(10),
    tool_choice: 'auto',
  })
}

function word(at: number): object {
  return { text: ` word ${at}, and some more` }
}

/** Thinks for 30 events, speaks for 60, and calls in the last ten. */
function thoughtful(at: number): object {
  if (at < 30) return { ...word(at), thought: true }
  if (at < 90) return word(at)
  const functionCall = { name: 'look_up', args: { query: `number ${at}`, limit: 3 } }
  return { functionCall, ...(at === 90 && { thoughtSignature: 'c2lnbmF0dXJl'.repeat(20) }) }
}

/** One string that comes in pieces. */
function argument(at: number): object {
  const piece = { jsonPath: '$.query', stringValue: ` word ${at}`, willContinue: true }
  return {
    functionCall: {
      ...(at === 0 && { name: 'look_up' }),
      partialArgs: [piece],
      willContinue: at < 99,
    },
  }
}

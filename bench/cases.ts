import { history, image, question } from './bodies.ts'

/** One kind of traffic. */
export interface Case {
  name: string
  about: string
  /** What the CPU is divided by. */
  per: 'request' | 'event'
  /** A word in it says which answer the upstream gives. */
  model: string
  stream: boolean
  /** What the client sends besides `model` and `stream`. */
  body: Record<string, unknown>
  connections: number
  /** Length of a round, and of the time before it in which the connections open; in seconds. */
  seconds: number
  ramp: number
  /** How long after it answers under way are awaited; who is quicker waits less. */
  drain: number
  /** How many marks a complete answer has: one in each event, or one at the end of a whole answer. */
  marks: number
  /** How many rounds it has in a whole run. */
  rounds: number
  /** Measured only where it is named. */
  extra?: true
}

const whole = {
  per: 'request',
  stream: false,
  connections: 32,
  seconds: 1,
  ramp: 0.2,
  drain: 6,
  marks: 1,
} as const
const stream = {
  per: 'event',
  stream: true,
  connections: 16,
  seconds: 1,
  ramp: 0.2,
  drain: 6,
  marks: 100,
} as const
const model = 'gemini-2.5-flash'

/** The cases of which the CPU is measured. */
export const cases: Case[] = [
  {
    ...whole,
    name: 'unary',
    about: 'a small question, 300 tokens in one answer; 32 connections',
    model,
    body: question,
    rounds: 10,
  },
  {
    ...whole,
    name: 'history',
    about: 'the same answer to 20 kB of history with tools and their results',
    model: `${model}-history`,
    body: history,
    rounds: 4,
  },
  {
    ...whole,
    name: 'image',
    about: 'the same answer to an image of 1 MiB in a `data:` URL; 8 connections',
    model: `${model}-image`,
    body: image,
    connections: 8,
    rounds: 4,
  },
  {
    ...stream,
    name: 'burst',
    about: 'a stream of 100 events of text, sent at once in one HTTP chunk; 16 connections',
    model,
    body: question,
    rounds: 10,
  },
  {
    ...stream,
    name: 'chunks',
    about: 'the same, each event in an HTTP chunk of its own',
    model: `${model}-chunks`,
    extra: true,
    body: question,
    rounds: 4,
  },
  {
    ...stream,
    name: 'paced',
    about: '200 connections, on each an event every 20 ms, 100 events a stream',
    model: `${model}-paced`,
    body: question,
    connections: 200,
    // As long as a stream, so that as many begin as end within it.
    seconds: 2,
    ramp: 0.5,
    // It would take as long again.
    drain: 0.1,
    rounds: 6,
  },
  {
    ...stream,
    name: 'tools',
    about: 'a stream of 100 events at once, every tenth a function call, the first of them signed',
    model: `${model}-tools`,
    body: { ...question, tools: history.tools },
    rounds: 4,
  },
  {
    ...stream,
    name: 'thinking',
    about: 'a stream of 100 events at once: 50 thoughts, then 50 of text, the first of them signed',
    model: `${model}-thinking`,
    body: { ...question, extra_body: { google: { thinking_config: { include_thoughts: true } } } },
    rounds: 4,
  },
]

/** The traffic at a fixed rate of which the times are measured. */
export const rated: (Case & { rate: number })[] = [
  {
    ...whole,
    name: 'unary',
    about: 'the same small question, 200 times a second',
    model,
    body: question,
    connections: 64,
    seconds: 3,
    rate: 200,
    rounds: 4,
  },
  {
    ...stream,
    name: 'paced',
    about: '50 streams begin each second, each of 100 events 20 ms apart: about 100 at a time',
    model: `${model}-paced`,
    body: question,
    connections: 240,
    seconds: 2,
    rate: 50,
    rounds: 4,
  },
]

/** A stream that falls silent after its first event, for ever. */
export const idle: Case = {
  ...stream,
  name: 'idle',
  about: 'streams that fall silent after their first event',
  model: `${model}-idle`,
  body: question,
  rounds: 1,
}

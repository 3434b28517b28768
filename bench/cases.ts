/** One kind of traffic. */
export interface Case {
  name: string
  about: string
  /** What the CPU is divided by. */
  per: 'request' | 'event'
  /** The word in it says which answer the upstream gives. */
  model: string
  stream: boolean
  /** What the client sends besides `model` and `stream`. */
  body: Record<string, unknown>
  connections: number
  /** Length of a round and of the time before it in which the connections open, in seconds. */
  seconds: number
  ramp: number
  /** How many marks a complete answer has: one an event, and one at the end of a whole answer. */
  marks: number
}

const question = {
  messages: [
    { role: 'system', content: 'You are a helpful assistant who cooks.' },
    { role: 'user', content: 'How do I use the zest of a lemon? Tell me in some detail, please.' },
  ],
  temperature: 0.7,
  max_tokens: 1000,
}

const unary = {
  per: 'request',
  stream: false,
  connections: 32,
  seconds: 1,
  ramp: 0.2,
  marks: 1,
} as const
const burst = {
  per: 'event',
  stream: true,
  connections: 16,
  seconds: 1,
  ramp: 0.2,
  marks: 100,
} as const

/** All cases, by name. */
export const cases: Case[] = [
  {
    ...unary,
    name: 'unary',
    about: 'a small question, 300 tokens in one answer',
    model: 'gemini-2.5-flash',
    body: question,
  },
  {
    ...burst,
    name: 'burst',
    about: 'a stream of 100 events, sent at once',
    model: 'gemini-2.5-flash',
    body: question,
  },
  {
    ...burst,
    name: 'chunks',
    about: 'the same, each event in an HTTP chunk of its own',
    model: 'gemini-2.5-flash-chunks',
    body: question,
  },
  {
    ...burst,
    name: 'paced',
    about: '200 connections, on each an event every 20 ms',
    model: 'gemini-2.5-flash-paced',
    connections: 200,
    // As long as a stream, so that as many begin as end within it.
    seconds: 2,
    ramp: 0.5,
    body: question,
  },
]

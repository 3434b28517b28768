import { openConnection } from './connection.ts'
import { dataIn, type FrameCase, frameRequest, hasEnded } from './h2-cases.ts'
import { readReplies, type Reply } from './replies.ts'
import { chatRequest, type WireCase } from './wire-cases.ts'

/** What came of a case. */
export interface Conversation {
  replies: Reply[]
  connection: 'closed' | 'open' | 'waiting'
  /** What came and is no whole answer. */
  left: string
  /** What was wrong with the answer to the next request on the connection. */
  after: string | undefined
}

/** Sends a case to the gateway itself, and looks at the connection to its end. */
export async function converse(url: string, one: WireCase): Promise<Conversation> {
  const connection = await openConnection(url)
  const read = () =>
    readReplies(connection.received(), {
      bodiless: one.bodiless ?? 0,
      ended: connection.closed(),
    })
  const conversation = (state: Conversation['connection'], after?: string): Conversation => {
    const { replies, left } = read()
    const received = connection.received()
    const rest = received.toString('utf8', received.length - left)
    return { replies, connection: state, left: rest, after }
  }
  try {
    if (one.slowly === true) await connection.sendSlowly(one.bytes)
    else connection.send(one.bytes)
    if (one.later !== undefined) {
      await connection.until(() => connection.received().includes('\r\n\r\n'), 2000)
      connection.send(one.later)
    }
    if (one.ends === true) connection.end()
    await connection.until(() => read().replies.length >= one.answers.length, 3000)
    if (one.connection === 'closed') {
      const closed = await connection.until(() => connection.closed(), 500)
      return conversation(closed ? 'closed' : 'open')
    }
    if (one.connection === 'waiting') {
      const closed = await connection.until(() => connection.closed(), 200)
      const silent = connection.received().length === 0
      return conversation(closed ? 'closed' : silent ? 'waiting' : 'open')
    }
    const before = read().replies.length
    const marker = `${one.prefix}after`
    connection.send(chatRequest(marker))
    await connection.until(() => read().replies.length > before, 2000)
    const { replies } = read()
    const next = replies[before]
    if (next === undefined) return conversation(connection.closed() ? 'closed' : 'waiting')
    const own = next.status === 200 && next.body.includes(marker)
    const after = own ? undefined : `${next.status} ${next.body.slice(0, 100)} for the next request`
    return { ...conversation('open', after), replies: replies.slice(0, before) }
  } finally {
    connection.leave()
  }
}

/** Sends a case to a proxy, and then another client's request: what is left over would meet that one. */
export async function converseBehind(
  url: string,
  one: WireCase,
): Promise<Pick<Conversation, 'replies' | 'left' | 'after'>> {
  const connection = await openConnection(url)
  const read = () =>
    readReplies(connection.received(), {
      bodiless: one.bodiless ?? 0,
      ended: connection.closed(),
    })
  try {
    connection.send(one.bytes)
    if (one.later !== undefined) {
      await connection.until(() => connection.received().includes('\r\n\r\n'), 2000)
      connection.send(one.later)
    }
    if (one.ends === true) connection.end()
    const enough = Math.max(1, one.answers.length)
    await connection.until(() => read().replies.length >= enough, 700)
    await connection.quiet(25)
    const { replies, left } = read()
    const received = connection.received()
    return {
      replies,
      left: received.toString('utf8', received.length - left),
      after: await askAfter(url, `${one.prefix}after`),
    }
  } finally {
    connection.leave()
  }
}

/** What is wrong with the answer to a good request of a client that comes next. */
async function askAfter(url: string, marker: string): Promise<string | undefined> {
  const connection = await openConnection(url)
  const read = () => readReplies(connection.received(), { ended: connection.closed() }).replies
  try {
    connection.send(chatRequest(marker, ['Connection: close']))
    await connection.until(() => read().length > 0, 3000)
    const [answer] = read()
    if (answer?.status === 200 && answer.body.includes(marker)) return undefined
    return `${answer?.status} ${answer?.body.slice(0, 100)} for the next client`
  } finally {
    connection.leave()
  }
}

/** What came of frames that were sent to a proxy, and of the next client's request. */
export async function converseInFrames(
  url: string,
  one: FrameCase,
): Promise<{ data: string; after: string | undefined }> {
  const data = await askInFrames(url, one.bytes)
  const marker = `${one.prefix}after`
  const next = await askInFrames(url, frameRequest(marker))
  const own = next.includes(marker)
  return { data, after: own ? undefined : `${next.slice(0, 100)} for the next client` }
}

async function askInFrames(url: string, bytes: Buffer): Promise<string> {
  const connection = await openConnection(url)
  try {
    connection.send(bytes)
    await connection.until(() => hasEnded(connection.received()), 700)
    await connection.quiet(25)
    return dataIn(connection.received())
  } finally {
    connection.leave()
  }
}

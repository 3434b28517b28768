import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure } from '../suite.ts'
import { openConnection } from './connection.ts'
import { inParallel } from './figures.ts'
import { sendBytes } from './fuzz-client.ts'
import { importing } from './inside.ts'
import { startGatewayProcess } from './process.ts'
import { readReplies } from './replies.ts'
import { misshapen } from './shape.ts'

const path = '/v1/chat/completions'
const megabyte = 2 ** 20

/** More than is allowed, in three parts: what still is, what no longer is, and what comes all the same. */
interface Excess {
  name: string
  status: number
  /** How many bytes may be read. */
  limit: number
  before: string
  over: string
  after: string
}

const fields = 'Host: x\r\nContent-Type: application/json\r\n'
// Of 1,000 bytes: many small ones are refused for their number.
const field = `X-A: ${'b'.repeat(993)}\r\n`
const piece = 'x'.repeat(65_536)
const chunk = `${piece.length.toString(16)}\r\n${piece}\r\n`

const excesses: Excess[] = [
  {
    name: 'a body by its length',
    status: 413,
    limit: 0,
    before: `POST ${path} HTTP/1.1\r\n${fields}Content-Length: ${megabyte + 1}\r\n\r`,
    over: '\n',
    after: piece,
  },
  {
    name: 'a body in chunks',
    status: 413,
    limit: megabyte,
    before: `POST ${path} HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(16)}1\r\n`,
    over: 'x',
    after: `\r\n${chunk}`,
  },
  {
    name: 'a head',
    status: 431,
    limit: 65_536,
    before: `GET / HTTP/1.1\r\n${fields}${field.repeat(64)}`,
    over: field.repeat(2),
    after: field.repeat(64),
  },
]

/** What is over a limit is refused at once, and no more of it is read than the pipes hold. */
export async function* tooLarge(upstream: string): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-read-'))
  const report = join(folder, 'bytes')
  writeFileSync(report, '')
  const gateway = await startGatewayProcess(upstream, {
    POLLUX_BODY_LIMIT: String(megabyte),
    NODE_OPTIONS: importing('read-bytes-hook.ts'),
    READ_BYTES: report,
  })
  const counts = () => readFileSync(report, 'utf8').split('\n').slice(0, -1).map(Number)
  try {
    for (const excess of excesses) {
      const known = counts().length
      const tries = [
        await exceed(gateway.url, excess),
        await exceed(gateway.url, excess),
        await exceed(gateway.url, excess),
      ]
      for (let waited = 0; waited < 50 && counts().length < known + 3; waited += 1) await sleep(20)
      const read = counts().slice(known)
      // What frames a body is read as well.
      const beyond = Math.max(...read) - excess.limit - 1024
      const took = Math.min(...tries.map((one) => one.took))
      const faults = tries.flatMap((one) => one.fault ?? [])
      yield {
        promise: `${excess.name} over the limit: ${excess.status} and a closed connection, <= 50 ms after the byte too many, <= 64 KiB read beyond it`,
        seen: `${took.toFixed(1)} ms, ${Math.max(0, Math.round(beyond / 1024))} KiB ${faults.join(', ')}`,
        kept: faults.length === 0 && took <= 50 && read.length === 3 && beyond <= 65_536,
      }
    }
  } finally {
    gateway.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Sends too much, and goes on sending as long as it may. */
async function exceed(
  url: string,
  { status, before, over, after }: Excess,
): Promise<{ took: number; fault: string | undefined }> {
  const connection = await openConnection(url)
  try {
    connection.send(before)
    await sleep(100)
    const early = connection.received().length > 0
    const started = performance.now()
    connection.send(over)
    await connection.until(() => connection.received().length > 0, 2000)
    const took = performance.now() - started
    for (let sent = 0; sent < 128 && !connection.closed(); sent += 1) {
      connection.send(after)
      await sleep(1)
    }
    const closed = await connection.until(() => connection.closed(), 2000)
    const [reply] = readReplies(connection.received(), { ended: true }).replies
    if (early || reply?.status !== status || misshapen(reply) !== undefined) {
      return { took, fault: early ? 'too early' : `${reply?.status}` }
    }
    return { took, fault: closed ? undefined : 'left open' }
  } finally {
    connection.leave()
  }
}

/** Bodies that are held together have a limit too, and what is given up is held no longer. */
export async function* tooMany(upstream: string): AsyncGenerator<Figure> {
  const gateway = await startGatewayProcess(upstream, {
    POLLUX_BODY_LIMIT: String(4 * megabyte),
    POLLUX_BUFFER_LIMIT: String(6 * megabyte),
  })
  const large = `{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"${'x'.repeat(3.5 * megabyte)}"}]}`
  const whole = headOf(`Content-Length: ${large.length}`) + large
  const chunked = `${headOf('Transfer-Encoding: chunked')}${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`
  const half = whole.slice(0, whole.length - megabyte)
  const ask = async (bytes: string) => (await sendBytes(gateway.url, bytes, 0)).replies[0]
  try {
    const waiting = await openConnection(gateway.url)
    const another = await openConnection(gateway.url)
    waiting.send(half)
    another.send(half)
    await sleep(300)
    const refused = [await ask(whole), await ask(chunked)]
    waiting.leave()
    another.leave()
    const statuses = refused.map((reply) => reply?.status)
    const said = refused.every((reply) => reply?.headers.has('retry-after') && !misshapen(reply))
    yield {
      promise: 'a body that finds no room beside the others is refused with 503 and Retry-After',
      seen: `${statuses.join(' by its length, ')} in chunks${said ? '' : ', without Retry-After'}`,
      kept: statuses.every((status) => status === 503) && said,
    }
    // More than all the room there is, many times over.
    await inParallel(Array.from({ length: 100 }), 1, async () => {
      const leaving = await openConnection(gateway.url)
      leaving.send(half)
      await sleep(5)
      leaving.leave()
    })
    await sleep(200)
    const served = [await ask(whole), await ask(chunked)].map((reply) => reply?.status)
    yield {
      promise: 'the room of 100 clients that leave in the middle of a body is free again',
      seen: served.join(', '),
      kept: served.every((status) => status === 200),
    }
  } finally {
    gateway.kill()
  }
}

function headOf(framing: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './port.ts'
import { within } from './within.ts'

/** Why there is no Redis to test with; undefined where there is one. */
export const withoutRedis: string | undefined = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'needs redis-server'
  }
})()

/** A real Redis on a loopback port of its own, which can die and come back. */
export interface Redis {
  url: string
  /** The keys it holds. */
  keys(): Promise<string[]>
  /** What it says to a command, as the wire has it. */
  ask(...command: string[]): Promise<string>
  /** Ends it without a word to its clients. */
  kill(): Promise<void>
  /** Starts it again at the same address, empty. */
  restart(): Promise<void>
  /** Lets it hang: it holds its connections and says nothing. */
  pause(): void
  resume(): void
}

/** Starts one that keeps nothing on disk. Resolves when it answers. */
export async function startRedis(): Promise<Redis> {
  const port = await freePort()
  let server = await spawnRedis(port)
  return {
    url: `redis://127.0.0.1:${port}`,
    async keys() {
      const listed = await ask(port, 'KEYS', '*')
      return [...listed.matchAll(/\$\d+\r\n(.*)\r\n/g)].map(([, key = '']) => key)
    },
    ask: (...command) => ask(port, ...command),
    kill: () => end(server),
    async restart() {
      server = await spawnRedis(port)
    },
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
  }
}

async function spawnRedis(port: number): Promise<ChildProcess> {
  const options = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const server = spawn('redis-server', options, { stdio: 'ignore' })
  for (let tries = 0; tries < 200; tries += 1) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with ${server.exitCode}`)
    const pong = await ask(port, 'PING').catch(() => '')
    if (pong.startsWith('+PONG')) return server
    await sleep(20)
  }
  server.kill('SIGKILL')
  throw new Error('redis-server did not answer within 4 s')
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const gone = once(server, 'exit')
  server.kill('SIGKILL')
  await within(5_000, gone, 'redis-server did not end')
}

/** One command on a connection of its own; QUIT ends it, so the answer is all that comes before. */
async function ask(port: number, ...command: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(2_000, () => socket.destroy(new Error('Redis is silent')))
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.write(toWire(command) + toWire(['QUIT']))
  await once(socket, 'close')
  return Buffer.concat(pieces)
    .toString()
    .replace(/\+OK\r\n$/, '')
}

function toWire(words: string[]): string {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  return `*${words.length}\r\n${bulk.join('')}`
}

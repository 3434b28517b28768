import { freePort } from '../../test/support/port.ts'
import { core, listening, spawnOn } from '../process.ts'

/** Who is measured. */
export interface Contestant {
  name: string
  /** What it does, and what it does not do. */
  about: string
  /** Whether it takes OpenAI's words and translates, or passes on what it is given. */
  translates: boolean
  /** A word without which a stream is not complete. Its first letter must not come again in it. */
  streamEnd: string
  /** Takes part in every so many rounds only: what is far away need not be known so well. */
  every: number
  /** How it calls a model; as it is by default. */
  toModel?: (model: string) => string
  /** How many marks are in its complete answer, in cases where it leaves some out. */
  marks?: Record<string, number>
  /** Why it cannot take part; undefined where it can. Installs what it needs. */
  missing?: () => string | undefined
  start(where: Where): Promise<Running>
}

/** Where a gateway runs. */
export interface Where {
  /** The port of the upstream, on the loopback. */
  upstream: number
  /** How many requests it must be able to hold open at a time, where that is more than usual. */
  open?: number
}

/** A gateway that takes requests. */
export interface Running {
  port: number
  /** The one process that it is. */
  pid: number
  /** What requests need besides their body. */
  headers: Record<string, string>
  /** From its start until it took a connection. */
  startMs: number
  stop(): void
}

/** Starts a program on the core of the measured, on a free port, and waits until it listens. */
export async function started(
  name: string,
  toProgram: (port: number) => {
    command: string[]
    cwd?: string
    env?: Record<string, string>
    headers?: Record<string, string>
  },
): Promise<Running> {
  const port = await freePort()
  const { command, headers = {}, ...options } = toProgram(port)
  const begin = performance.now()
  const child = spawnOn(core.measured, command, { ...options, log: name })
  await listening(port, child)
  const startMs = performance.now() - begin
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} has no process.`)
  return { port, pid, headers, startMs, stop: () => void child.kill('SIGKILL') }
}

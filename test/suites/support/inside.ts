import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type GatewayProcess, startGatewayProcess } from './process.ts'

/** What a gateway looks like from inside, after its garbage was collected. Memory is in MB. */
export interface Inside {
  rss: number
  heap: number
  /** Memory of buffers, beside the heap. */
  outside: number
  /** What keeps the event loop alive, by kind: sockets, timers, requests. */
  resources: Record<string, number>
  /** Delays of the event loop in milliseconds, since the last look. */
  loopP99: number
  loopMax: number
}

/** A gateway that can be looked into. */
export interface OpenGateway extends GatewayProcess {
  look(): Promise<Inside>
}

/** A gateway like any other, with `inside-hook.ts` loaded into it. */
export async function startOpenGateway(
  upstream: string,
  env: Record<string, string> = {},
): Promise<OpenGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-inside-'))
  const report = join(folder, 'report.jsonl')
  const gateway = await startGatewayProcess(upstream, {
    ...env,
    NODE_OPTIONS: `--expose-gc ${importing('inside-hook.ts')}`,
    INSIDE_REPORT: report,
  })
  let looked = 0
  return {
    ...gateway,
    async look() {
      looked += 1
      process.kill(gateway.pid, 'SIGUSR2')
      for (const until = performance.now() + 10_000; performance.now() < until; await sleep(20)) {
        const line = readLines(report)[looked - 1]
        if (line !== undefined) return JSON.parse(line) as Inside
      }
      throw new Error(`The gateway did not show its inside: ${gateway.output()}`)
    },
    kill() {
      gateway.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The option of Node that loads a file of this folder first. */
export function importing(file: string): string {
  return `--import=${pathToFileURL(join(import.meta.dirname, file)).href}`
}

/** Complete lines only. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  } catch {
    // Not there before the first look.
    return []
  }
}

import { readdirSync, readFileSync } from 'node:fs'
import { endWithUs } from './ends-with-us.ts'
import { type Child, servedBy, startChild } from '../../support/child.ts'

/** The real gateway in a process of its own, so that its memory, its signals and its end are its own. */
export interface GatewayProcess extends Child {
  url: string
  pid: number
  /** Resident memory in MB. */
  rss: () => number
  /** How many file descriptors it holds, sockets included. */
  descriptors: () => number
}

/** A gateway before `upstream`, the URL of an emulator or of a stand-in. Extra environment wins. */
export async function startGatewayProcess(
  upstream: string,
  env: Record<string, string> = {},
): Promise<GatewayProcess> {
  const child = startChild({
    GEMINI_API_KEY: 'emulated-key',
    GOOGLE_GEMINI_BASE_URL: upstream,
    POLLUX_RETRIES: '2',
    ...env,
  })
  endWithUs(child.process)
  const url = await servedBy(child)
  const { pid } = child.process
  if (pid === undefined) throw new Error('The gateway has no process.')
  return { ...child, url, pid, rss: () => rssOf(pid), descriptors: () => descriptorsOf(pid) }
}

/** Resident memory of a process in MB. */
export function rssOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

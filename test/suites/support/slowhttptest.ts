import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the program `slowhttptest` saw of the server that it attacked. */
export interface Seen {
  /** The most connections that it held at a time. */
  connected: number
  /** Seconds in which a connection beside them got no answer. */
  unavailable: number
}

/** Attacks a URL for so long with so many connections; undefined where the program is not installed. */
export async function slowhttptest(
  url: string,
  { connections, seconds, options }: { connections: number; seconds: number; options: string[] },
): Promise<Seen | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-slow-'))
  const general = ['-u', url, '-c', String(connections), '-l', String(seconds)]
  const report = ['-g', '-o', join(folder, 'seen')]
  try {
    const child = spawn('slowhttptest', [...general, ...report, '-r', '300', ...options], {
      stdio: 'ignore',
      timeout: (seconds + 60) * 1000,
    })
    await once(child, 'close')
    return read(readFileSync(join(folder, 'seen.csv'), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Columns: second, closed, pending, connected, and the number of connections or 0 for availability. */
function read(csv: string): Seen {
  const rows = csv.trim().split('\n').slice(1)
  const columns = rows.map((row) => row.split(',').map(Number))
  return {
    connected: Math.max(...columns.map(([, , , connected = 0]) => connected)),
    unavailable: columns.filter(([, , , , available]) => available === 0).length,
  }
}

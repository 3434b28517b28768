import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Address, explainListenError } from '../listen-errors.ts'
import { type Finding, good, mend } from './finding.ts'

/** Whether an address can be listened on. What sets it are variables whose names begin with `prefix`. */
export async function checkPort(
  { host, port }: Address,
  prefix: '' | 'POLLUX_METRICS_',
): Promise<Finding> {
  const about = prefix === '' ? 'port' : 'metrics port'
  const server = createServer()
  try {
    server.listen({ host, port })
    await once(server, 'listening')
    return good(about, `${host}:${port} is free.`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const [says, todo] = explainListenError(code, { host, port }, prefix) ?? [
      `${host}:${port} cannot be listened on (${code}).`,
      `Check ${prefix}HOST and ${prefix}PORT.`,
    ]
    return mend(about, says, todo)
  } finally {
    server.close()
  }
}

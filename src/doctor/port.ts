import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Finding, good, mend } from './finding.ts'

/** Whether an address can be listened on. `variable` is what sets its port. */
export async function checkPort(host: string, port: number, variable: string): Promise<Finding> {
  const about = variable === 'PORT' ? 'port' : 'metrics port'
  const server = createServer()
  try {
    server.listen({ host, port })
    await once(server, 'listening')
    return good(about, `${host}:${port} is free.`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const [says, todo] = toWords(code, host, port, variable)
    return mend(about, says, todo)
  } finally {
    server.close()
  }
}

function toWords(code: string, host: string, port: number, variable: string): [string, string] {
  switch (code) {
    case 'EADDRINUSE':
      return [
        `Port ${port} on ${host} is in use.`,
        `Set ${variable} to another, or stop the program that has it (it may be a gateway that runs already).`,
      ]
    case 'EACCES':
      return [`Listening on port ${port} is not permitted.`, `Set ${variable} to 1024 or more.`]
    case 'EADDRNOTAVAIL':
      return [
        `This machine does not have the address ${host}.`,
        'Set HOST to one of its own, e.g. 127.0.0.1, or 0.0.0.0 for all.',
      ]
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [`There is no address by the name ${host}.`, 'Set HOST to an IP address.']
    default:
      return [`${host}:${port} cannot be listened on (${code}).`, `Check HOST and ${variable}.`]
  }
}

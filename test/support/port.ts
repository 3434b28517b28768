import { once } from 'node:events'
import { createServer } from 'node:net'

/** A loopback port that is taken, by somebody who answers nobody. */
export interface TakenPort {
  port: number
  free(): Promise<void>
}

export async function takePort(): Promise<TakenPort> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  // Only a server on a pipe has a string for an address, and only a closed one has none.
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  return {
    port: address.port,
    async free() {
      server.close()
      await once(server, 'close')
    },
  }
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const taken = await takePort()
  await taken.free()
  return taken.port
}

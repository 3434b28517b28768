import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A server that does not know a single command, and says so with all that it was told. */
export interface TalkativeRedis {
  port: number
  close(): Promise<void>
}

/** Redis before version 6, and some proxies, answer `HELLO 3 AUTH user password` like this. */
export async function startTalkativeRedis(): Promise<TalkativeRedis> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      const words = [...bytes.toString().matchAll(/\$\d+\r\n(.*)\r\n/g)].map(
        ([, word]) => `'${word}'`,
      )
      socket.write(
        `-ERR unknown command, with args beginning with: ${words.join(' ')}\r\n`.repeat(4),
      )
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    // It listens on TCP.
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

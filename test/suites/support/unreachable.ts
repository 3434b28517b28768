import { once } from 'node:events'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { Worker } from 'node:worker_threads'
import { selfSigned } from './self-signed.ts'

/** An address that leads nowhere, each in its own way. */
export interface DeadEnd {
  url: string
  close(): Promise<void>
}

/** A port whose certificate nobody vouches for. */
export async function untrustedPort(): Promise<DeadEnd> {
  const server = createServer(selfSigned, (socket) => socket.destroy())
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  // Only a server on a pipe has a string for an address, and only a closed one has none.
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  return {
    url: `https://127.0.0.1:${address.port}`,
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}

// A thread that sleeps never accepts, and two connections fill its queue.
const sleeper = `
  const { parentPort, workerData } = require('node:worker_threads')
  const server = require('node:net').createServer()
  server.listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/** A port that takes no connection and refuses none: whoever connects waits for ever. */
export async function blackHole(at = { host: '127.0.0.1', port: 0 }): Promise<DeadEnd> {
  const worker = new Worker(sleeper, { eval: true, workerData: at })
  const [port] = await once(worker, 'message')
  const fillers = [1, 2].map(() => connect(port, at.host).on('error', () => undefined))
  await Promise.all(fillers.map((filler) => once(filler, 'connect')))
  return {
    url: `http://${at.host}:${port}`,
    async close() {
      for (const filler of fillers) filler.destroy()
      await worker.terminate()
    },
  }
}

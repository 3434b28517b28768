import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** A wire to the gateway that tells when something is on it. */
export interface Relay {
  /** The base URL by which the gateway is reached through it. */
  url: string
  /** Resolves with the first event of the next answer. */
  answering(): Promise<void>
}

/** Few programs tell their user when an answer begins: the wire does. */
export async function startRelay(baseUrl: string): Promise<Relay> {
  const { hostname, port, pathname } = new URL(baseUrl)
  let begun: () => void = () => undefined
  const server = createServer((client) => {
    const gateway = connect(Number(port), hostname)
    gateway.on('data', (bytes) => bytes.includes('data: {') && begun())
    client.pipe(gateway).pipe(client)
    // Who leaves on one side has left on the other.
    client.on('error', () => undefined).on('close', () => gateway.destroy())
    gateway.on('error', () => undefined).on('close', () => client.destroy())
  })
  // It is no reason to stay.
  server.listen(0, '127.0.0.1').unref()
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    url: `http://127.0.0.1:${address.port}${pathname}`,
    answering: () => new Promise((resolve) => (begun = resolve)),
  }
}

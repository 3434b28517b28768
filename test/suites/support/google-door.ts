import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'

/** Google's own addresses, served from here: for what a program asks nowhere else. */
export interface GoogleDoor {
  /** What the program must be started with to come here. */
  env: Record<string, string>
  close(): Promise<void>
}

/**
 * A proxy that leads every address to `serve`, behind a certificate for `host` that only who has this
 * environment believes. Undefined where there is no openssl to make one.
 */
export async function openGoogleDoor(
  host: string,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
  folder: string,
): Promise<GoogleDoor | undefined> {
  const certificate = makeCertificate(host, folder)
  if (certificate === undefined) return undefined
  const inside = createTlsServer(certificate, serve).listen(0, '127.0.0.1')
  const proxy = createServer().listen(0, '127.0.0.1')
  await Promise.all([once(inside, 'listening'), once(proxy, 'listening')])
  // A proxy lets go of the connections that it has passed on.
  const ends = new Set<Duplex>()
  proxy.on('connect', (_request, client, head) => {
    const tunnel = connect((inside.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      tunnel.write(head)
      client.pipe(tunnel).pipe(client)
    })
    for (const end of [client, tunnel]) {
      ends.add(end)
      end.on('error', () => tunnel.destroy())
    }
  })
  return {
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NO_PROXY: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: certificate.file,
    },
    async close() {
      for (const end of ends) end.destroy()
      inside.closeAllConnections()
      await Promise.all([once(inside.close(), 'close'), once(proxy.close(), 'close')])
    },
  }
}

/** One for each folder. */
function makeCertificate(host: string, folder: string) {
  const [keyFile, file] = [join(folder, 'door.key'), join(folder, 'door.pem')]
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${host}`]
  const more = ['-addext', `subjectAltName=DNS:${host}`, '-keyout', keyFile, '-out', file]
  try {
    if (!existsSync(file))
      execFileSync('openssl', ['req', ...options, ...more], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return { file, key: readFileSync(keyFile), cert: readFileSync(file) }
}

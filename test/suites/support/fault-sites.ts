import { startMetadataServer } from '../../../src/emulator/metadata.ts'
import { type Emulator, startEmulator } from '../../../src/emulator/server.ts'
import { freePort } from '../../support/port.ts'
import { connectRaw, type RawClient, toHttp } from '../../support/raw-client.ts'
import type { SiteName } from './fault-rows.ts'
import { inParallel } from './figures.ts'
import { type GatewayProcess, startGatewayProcess } from './process.ts'
import { blackHole, untrustedPort } from './unreachable.ts'
import { startWireUpstream, type WireAnswer } from './wire-upstream.ts'

/** A gateway, and which model's name leads to the upstream in question. */
export interface Site {
  gateway: GatewayProcess
  /** `gemini/` or `vertex/`. */
  prefix: string
}

/** Every place that a row may be at. */
export interface Sites {
  at(name: SiteName): Site
  emulator: Emulator
  /** How many cells at a time a gateway may try again for all of them. */
  widthOf(gateway: GatewayProcess): number
  gateways: readonly GatewayProcess[]
  close(): Promise<void>
}

/** Starts them all. `bytes` says what the site `wire` answers when it is asked by that path. */
export async function startSites(bytes: (path: string) => WireAnswer): Promise<Sites> {
  const emulator = await startEmulator()
  const metadata = await startMetadataServer()
  const wire = await startWireUpstream(({ path }) => bytes(path))
  const [untrusted, hole] = await Promise.all([untrustedPort(), blackHole()])
  const refused = `http://127.0.0.1:${await freePort()}`
  const start = (gemini: string, vertex: string, env: Record<string, string> = {}) =>
    startGatewayProcess(gemini, {
      GOOGLE_CLOUD_PROJECT: 'a-project',
      GOOGLE_VERTEX_BASE_URL: vertex,
      GCE_METADATA_HOST: metadata.host,
      ...env,
    })
  // One after another: each has a limit of its own to be up.
  const steady = await start(emulator.url, emulator.url)
  const hasty = await start(emulator.url, hole.url, {
    POLLUX_CONNECT_TIMEOUT_SECONDS: '1',
    POLLUX_FIRST_BYTE_TIMEOUT_SECONDS: '2',
    POLLUX_IDLE_TIMEOUT_SECONDS: '2',
  })
  const beating = await start(emulator.url, emulator.url, {
    POLLUX_HEARTBEAT_SECONDS: '1',
    POLLUX_TOTAL_TIMEOUT_SECONDS: '3',
  })
  const odd = await start(wire.url, untrusted.url)
  const lost = await start(refused, refused)
  const gateways = [steady, hasty, beating, odd, lost]
  const sites: Record<SiteName, Site> = {
    emulator: { gateway: steady, prefix: 'gemini/' },
    vertex: { gateway: steady, prefix: 'vertex/' },
    hasty: { gateway: hasty, prefix: 'gemini/' },
    blackhole: { gateway: hasty, prefix: 'vertex/' },
    beating: { gateway: beating, prefix: 'gemini/' },
    wire: { gateway: odd, prefix: 'gemini/' },
    untrusted: { gateway: odd, prefix: 'vertex/' },
    refused: { gateway: lost, prefix: 'gemini/' },
  }
  const crowd = await fillWith(steady, 100)
  return {
    at: (name) => sites[name],
    widthOf: (gateway) => (gateway === steady ? 16 : 3),
    emulator,
    gateways,
    async close() {
      for (const client of crowd) client.leave()
      for (const gateway of gateways) gateway.kill()
      await Promise.all([emulator, metadata, wire, untrusted, hole].map((one) => one.close()))
    },
  }
}

/**
 * Clients that wait for their first byte as long as it takes: a gateway sends a fifth as many requests
 * again as it has in their first try, and no more than three without a crowd.
 */
async function fillWith(gateway: GatewayProcess, count: number): Promise<RawClient[]> {
  const content = 'Wait [[fault:delay=600000]]'
  const body = { model: 'gemini/gemini-2.5-flash', messages: [{ role: 'user', content }] }
  const request = toHttp('POST /v1/chat/completions', JSON.stringify(body))
  const clients: RawClient[] = []
  await inParallel(Array(count).keys(), 20, async () => {
    const client = await connectRaw(gateway.url)
    client.send(request)
    clients.push(client)
  })
  return clients
}

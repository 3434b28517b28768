import { startMetadataServer } from '../../../src/emulator/metadata.ts'
import { type Emulator, startEmulator } from '../../../src/emulator/server.ts'
import type { SiteName } from './fault-rows.ts'
import { type GatewayProcess, startGatewayProcess } from './process.ts'
import { blackHole, refusedPort, untrustedPort } from './unreachable.ts'
import { startWireUpstream, type WireAnswer } from './wire-upstream.ts'

/** A gateway, and which model's name leads to the upstream in question. */
export interface Site {
  url: string
  /** `gemini/` or `vertex/`. */
  prefix: string
}

/** Every place that a row may be at. */
export interface Sites {
  at(name: SiteName): Site
  emulator: Emulator
  gateways: readonly GatewayProcess[]
  close(): Promise<void>
}

/** Starts them all. `bytes` says what the site `wire` answers when it is asked by that path. */
export async function startSites(bytes: (path: string) => WireAnswer): Promise<Sites> {
  const emulator = await startEmulator()
  const metadata = await startMetadataServer()
  const wire = await startWireUpstream(({ path }) => bytes(path))
  const nowhere = await Promise.all([refusedPort(), untrustedPort(), blackHole()])
  const [refused, untrusted, hole] = nowhere
  const start = (gemini: string, vertex: string, env: Record<string, string> = {}) =>
    startGatewayProcess(gemini, {
      GOOGLE_CLOUD_PROJECT: 'a-project',
      GOOGLE_VERTEX_BASE_URL: vertex,
      GCE_METADATA_HOST: metadata.host,
      ...env,
    })
  const gateways = await Promise.all([
    start(emulator.url, emulator.url),
    start(emulator.url, hole.url, {
      POLLUX_CONNECT_TIMEOUT_SECONDS: '1',
      POLLUX_FIRST_BYTE_TIMEOUT_SECONDS: '1',
      POLLUX_IDLE_TIMEOUT_SECONDS: '1',
    }),
    start(wire.url, emulator.url, { POLLUX_HEARTBEAT_SECONDS: '1' }),
    start(refused.url, untrusted.url),
  ])
  const [steady, hasty, beating, lost] = gateways
  const sites: Record<SiteName, Site> = {
    emulator: { url: steady.url, prefix: 'gemini/' },
    vertex: { url: steady.url, prefix: 'vertex/' },
    hasty: { url: hasty.url, prefix: 'gemini/' },
    blackhole: { url: hasty.url, prefix: 'vertex/' },
    wire: { url: beating.url, prefix: 'gemini/' },
    beating: { url: beating.url, prefix: 'vertex/' },
    refused: { url: lost.url, prefix: 'gemini/' },
    untrusted: { url: lost.url, prefix: 'vertex/' },
  }
  return {
    at: (name) => sites[name],
    emulator,
    gateways,
    async close() {
      for (const gateway of gateways) gateway.kill()
      await Promise.all([emulator, metadata, wire, ...nowhere].map((one) => one.close()))
    },
  }
}

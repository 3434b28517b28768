import { listen } from './listen.ts'
import { serviceAccount } from './metadata/credentials.ts'
import { Desk, type MetadataFaults, type MetadataOptions } from './metadata/desk.ts'

export type { MetadataFaults, MetadataOptions } from './metadata/desk.ts'

/** Google's metadata server and its OAuth token endpoint, offline. */
export interface MetadataServer {
  url: string
  /** For `GCE_METADATA_HOST`: the address without a scheme. */
  host: string
  /** How often each thing was asked for: `token`, `oauth`, `email`, `project-id` … */
  readonly calls: Record<string, number>
  /** Every token that was given out, the newest last. */
  readonly tokens: string[]
  /** Changes what goes wrong from now on; `{}` repairs. */
  fail(faults: MetadataFaults): void
  /** Changes how long new tokens are valid, in seconds. */
  expireIn(seconds: number): void
  /** A service-account file with a key of its own, whose tokens come from here. */
  serviceAccount(): Record<string, string>
  close(): Promise<void>
}

/** Starts the two stand-ins at one address. */
export async function startMetadataServer(options: MetadataOptions = {}): Promise<MetadataServer> {
  const desk = new Desk(options)
  const listener = await listen((request, response) => void desk.serve(request, response), options)
  const { url } = listener
  return {
    ...listener,
    host: url.replace('http://', ''),
    get calls() {
      return Object.fromEntries(desk.calls)
    },
    get tokens() {
      return [...desk.tokens]
    },
    fail: (faults) => desk.fail(faults),
    expireIn: (seconds) => desk.expireIn(seconds),
    serviceAccount: () => serviceAccount(url, options),
  }
}

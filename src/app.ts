import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { BackendsConfig, Config } from './config.ts'
import { createCurrent } from './current.ts'
import type { Emulator } from './emulator/server.ts'
import { brief, shuttingDown, unknownUrl } from './errors.ts'
import type { Observer } from './http/answered.ts'
import type { Authenticate } from './http/auth.ts'
import { chatRoute, type ChatSettings, endpointRoute } from './http/chat.ts'
import { toLogged } from './http/failure-log.ts'
import { healthRoutes } from './http/health.ts'
import { requestLog } from './http/request-log.ts'
import { modelRoutes, type ModelsSettings } from './http/models.ts'
import { door, watchProcess } from './http/overload.ts'
import { createServer } from './http/server.ts'
import { Running } from './http/signal.ts'
import { guards } from './http/watchers.ts'
import { isLimited, lazyLimiter } from './limits/limiter.ts'
import { type Means, toGoogle } from './reach.ts'
import type { Metrics, MetricsSettings, WatchedTarget } from './telemetry/metrics.ts'
import { listedModels } from './translate/abilities.ts'
import type { SignatureSource } from './translate/chat/signatures.ts'
import type { OtlpSettings } from './telemetry/otlp.ts'
import type { Tracing } from './telemetry/tracing.ts'
import { memorySignatures, type SignatureStore } from './upstream/signatures.ts'
import { retryBudget } from './upstream/budget.ts'
import { fixedToken, keptToken, type TokenSource } from './upstream/token.ts'
import { createTransport } from './upstream/transport.ts'

/** The gateway, listening. */
export interface App {
  /** Where it listens, without `/v1`. */
  url: string
  /** Where its metrics are; undefined where nobody asked for them. */
  metricsUrl: string | undefined
  /** Later requests find this configuration: its keys, models, endpoints and prices; nothing else of it. */
  reload(config: Config): Promise<void>
  /** Stops taking requests, lets the running ones end within the limit, and frees everything. */
  close(limitMs?: number): Promise<void>
}

/** How long an answer that must end has to say so. */
const lastWordMs = 300

/** Puts the parts together: the one place that knows them all. */
export async function startApp(config: Config, log: Logger): Promise<App> {
  const emulator = config.backends.emulated ? await openEmulator() : undefined
  const reach = emulator === undefined ? config.backends : toEmulated(config.backends, emulator.url)
  const refreshes = { success: 0, failure: 0 }
  const tokens =
    emulator === undefined ? googleTokens(config, log, refreshes) : fixedToken('emulator')
  const transport = createTransport(config.timeouts)
  const signatures =
    config.redisUrl === undefined ? memorySignatures() : await openRedis(config.redisUrl, log)
  // Where the signatures in clients' histories came from, since the start.
  const counts: Record<SignatureSource, number> = { client: 0, store: 0, dummy: 0 }
  const countSignature = (source: SignatureSource) => void (counts[source] += 1)
  const { project, thoughts } = config
  const retry = { retries: config.retries, random: Math.random }
  const watched: WatchedTarget[] = []
  const means: Means = {
    transport,
    retry,
    budget: retryBudget(),
    tokens,
    signatures,
    countSignature,
    thoughts,
    onPlaces: ({ name, places: names }, places) =>
      names.forEach((place, at) =>
        watched.push({ provider: name, place, isEjected: () => places.isEjected(at) }),
      ),
  }
  const current = await createCurrent(config, reach, toGoogle(reach, means), means)
  const { costOf } = current
  const { heartbeatMs, totalMs, drainMs, mostAtOnce } = config
  const watch = watchProcess(config.mostLagMs)
  const entrance = door({ mostAtOnce, strain: watch.strain })
  const metrics =
    config.metrics &&
    (await openMetrics({
      costOf,
      sources: {
        crowd: () => entrance.crowd(),
        signatures: () => counts,
        refreshes: () => refreshes,
        targets: () => watched,
      },
    }))
  metrics?.know(modelsIn(config))
  const bodies = { longest: config.bodyLimit, together: config.bufferLimit }
  const traces = config.traces && (await openTracing(config.traces, log))
  const server = createServer({
    log,
    bodies,
    origins: config.origins,
    project,
    observers: [requestLog(project, costOf), ...toObservers(metrics), ...toObservers(traces)],
  })
  let stopping = false
  const running = new Running()
  const needsToken = reach.vertex !== undefined && config.auth.mode !== 'passthrough'
  const isReady = () => !stopping && (!needsToken || tokens.available())
  healthRoutes(server, { isReady, facts: () => ({ signatures: counts }) })
  const limiter = lazyLimiter({ redisUrl: config.redisUrl, log })
  if (config.auth.mode === 'keys' && config.auth.keys.some(isLimited)) await limiter.load()
  const settings = {
    backends: current.backends,
    authenticate: current.authenticate,
    limiter,
    door: entrance,
    heartbeatMs,
    totalMs,
    running,
    project,
    follow: traces && guards(log)(traces.begin),
  }
  openDoors(server, settings, current, reach.vertex)
  const metricsServer = config.metrics && (await metrics?.serve(config.metrics))
  // A copy: Fastify writes into what it is given.
  await server.listen({ ...config.listen })
  return {
    url: toUrl(server),
    metricsUrl: metricsServer?.url,
    async reload(next) {
      await current.change(next)
      metrics?.know(modelsIn(next))
    },
    async close(limitMs = drainMs) {
      stopping = true
      const limit = setTimeout(() => running.end(shuttingDown()), limitMs)
      // Who has not read that last word by then does not read, or is still writing.
      const end = setTimeout(() => server.server.closeAllConnections(), limitMs + lastWordMs)
      await server.close()
      // Who left just now is noticed only after the last connection has closed.
      await running.none()
      clearTimeout(limit)
      clearTimeout(end)
      watch.close()
      await transport.close()
      await limiter.close()
      await signatures.close()
      await traces?.close()
      await emulator?.close()
      await metricsServer?.close()
    },
  }
}

/** Loaded where it is asked for: gateways that serve a real Gemini never need it. */
async function openEmulator(): Promise<Emulator> {
  const { startEmulator } = await import('./emulator/server.ts')
  return startEmulator()
}

/** Loaded where it is asked for: most gateways are alone. */
async function openRedis(url: string, log: Logger): Promise<SignatureStore> {
  const { redisSignatures } = await import('./upstream/redis-signatures.ts')
  return redisSignatures(url, log)
}

/** Loaded where it is asked for: whoever reads no metrics pays nothing for them. */
async function openMetrics(settings: MetricsSettings): Promise<Metrics> {
  const { openMetrics } = await import('./telemetry/metrics.ts')
  return openMetrics(settings)
}

/** Models that the operator knows, by all of their names. */
function modelsIn({ models, backends: { endpoints } }: Config): string[] {
  return [
    ...listedModels,
    ...models.flatMap(({ name, targets }) => [name, ...targets]),
    ...endpoints.flatMap(({ name, model = name }) => [name, model]),
  ]
}

function toObservers(watcher: { observe: Observer } | undefined): Observer[] {
  return watcher === undefined ? [] : [watcher.observe]
}

/** Loaded where it is asked for: OpenTelemetry's parts take as long as all else. */
async function openTracing(settings: OtlpSettings, log: Logger): Promise<Tracing> {
  const [{ otlpSink }, { tracing }, { lostSpans }] = await Promise.all([
    import('./telemetry/otlp.ts'),
    import('./telemetry/tracing.ts'),
    import('./telemetry/lost-spans.ts'),
  ])
  return tracing(otlpSink(settings, lostSpans(log)), settings.content)
}

function googleTokens(
  { project }: Config,
  log: Logger,
  refreshes: { success: number; failure: number },
): TokenSource {
  return keptToken({
    // Loaded with the first: who uses an API key never needs it.
    async fetch() {
      const { fetchGoogleToken } = await import('./upstream/credentials.ts')
      return fetchGoogleToken(project)
    },
    onSuccess: () => void (refreshes.success += 1),
    onFailure(failure) {
      refreshes.failure += 1
      log.warn(toLogged(failure, failure), 'no Google credential')
    },
  })
}

/** Both APIs, served by the emulator. */
function toEmulated(backends: BackendsConfig, baseUrl: string): BackendsConfig {
  return {
    ...backends,
    vertex: { project: 'emulator', location: 'global', otherLocations: [], baseUrl },
    gemini: { apiKeys: ['emulator'], baseUrl },
    preferred: 'gemini',
  }
}

/** OpenAI's paths, with and without `/v1`, and those of Google's own two endpoints. */
function openDoors(
  server: FastifyInstance,
  settings: ChatSettings,
  models: ModelsSettings,
  vertex: BackendsConfig['vertex'],
): void {
  const { authenticate } = settings
  for (const prefix of ['/v1', '']) {
    chatRoute(server, `${prefix}/chat/completions`, settings)
    modelRoutes(server, prefix, models)
  }
  chatRoute(server, '/v1beta/openai/chat/completions', settings, 'gemini')
  modelRoutes(server, '/v1beta/openai', models)
  for (const version of ['/v1', '/v1beta1']) {
    const endpoint = `${version}/projects/:project/locations/:location/endpoints/openapi`
    const here = { authenticate: atPlace(authenticate, vertex) }
    chatRoute(server, `${endpoint}/chat/completions`, { ...settings, ...here }, 'vertex')
    modelRoutes(server, endpoint, { ...models, ...here })
    const own = `${version}/projects/:project/locations/:location/endpoints/:endpoint`
    endpointRoute(server, `${own}/chat/completions`, settings)
  }
}

/** Only at the configured place; who has no key does not learn which that is. */
function atPlace(authenticate: Authenticate, vertex: BackendsConfig['vertex']): Authenticate {
  return (request) => {
    const client = authenticate(request)
    // The route's pattern has both parameters.
    checkPlace(request.params as Place, vertex)
    return client
  }
}

/** The parameters of Vertex AI's path. */
interface Place {
  project: string
  location: string
}

/** Throws 404 for a project or location that is not configured: requests never go elsewhere. */
function checkPlace({ project, location }: Place, vertex: BackendsConfig['vertex']): void {
  if (vertex?.project === project && vertex.location === location) return
  throw unknownUrl(
    `This gateway does not serve project '${brief(project)}' in location '${brief(location)}'. Use the configured ones, or the base URL http(s)://<this host>/v1.`,
  )
}

function toUrl(server: FastifyInstance): string {
  // A server that listens on TCP has an address with a port.
  const { address, port, family } = server.server.address() as AddressInfo
  const host = ['0.0.0.0', '::'].includes(address) ? '127.0.0.1' : address
  return `http://${family === 'IPv6' && host === address ? `[${host}]` : host}:${port}`
}

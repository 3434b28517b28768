import { destination, type Logger, pino } from 'pino'
import { startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'

export interface Gateway {
  url: string
  /** Where its metrics are, for POLLUX_METRICS_PORT. */
  metricsUrl: string | undefined
  close(): Promise<void>
}

/** Silent, unless somebody wants to read all that the gateways of all tests have to say. */
const log: Logger =
  process.env.POLLUX_TEST_LOG === undefined
    ? pino({ level: 'silent' })
    : createLog('trace', destination({ dest: process.env.POLLUX_TEST_LOG, sync: true }))

/**
 * A gateway on a free loopback port, configured by nothing but this environment. It tries once, unless
 * it is told otherwise: a test says what comes of one failure.
 */
export async function startGateway(env: Record<string, string>): Promise<Gateway> {
  // The tests share the processor with each other, and one process.
  const tested = { PORT: '0', POLLUX_RETRIES: '0', POLLUX_MAX_LAG_MS: '0', ...env }
  return startApp(await loadConfig(tested), log)
}

import { pino } from 'pino'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'

export interface Gateway {
  url: string
  close(): Promise<void>
}

/**
 * A gateway on a free loopback port, configured by nothing but this environment. It tries once, unless
 * it is told otherwise: a test says what comes of one failure.
 */
export async function startGateway(env: Record<string, string>): Promise<Gateway> {
  // The tests share the processor with each other, and one process.
  const tested = { PORT: '0', POLLUX_RETRIES: '0', POLLUX_MAX_LAG_MS: '0', ...env }
  return startApp(readConfig(tested), pino({ level: 'silent' }))
}

import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { scrape, valueOf } from './scrape.ts'

export interface Busy {
  metricsUrl: string | undefined
  close(): Promise<void>
}

/** A gateway that has had one of everything: answers, streams, refusals, retries, leavers. */
export async function startBusyGateway(): Promise<Busy> {
  const env = {
    PORT: '0',
    POLLUX_METRICS_PORT: '0',
    POLLUX_API_KEYS: 'a-key-for-the-harbour',
    POLLUX_MAX_LAG_MS: '0',
    POLLUX_RETRIES: '1',
  }
  const price = { input: 0.3, cachedInput: 0.03, output: 2.5 }
  const config = { ...readConfig(env), prices: { 'gemini-2.5-*': price } }
  const gateway = await startApp(config, pino({ level: 'silent' }))
  const ask = (content: string, more: object = {}, init: RequestInit = {}) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      signal: AbortSignal.timeout(10_000),
      ...init,
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer a-key-for-the-harbour',
      },
      body: JSON.stringify({
        model: 'gemini-2.5-flash',
        messages: [{ role: 'user', content }],
        ...more,
      }),
    })
  const read = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).text()
  const leave = async () => {
    const leaving = new AbortController()
    const { signal } = leaving
    const response = await ask('A long story [[slow:50]]', { stream: true }, { signal })
    leaving.abort()
    await response.text().catch(() => undefined)
  }
  const all = [
    read('Say hello'),
    read('Tell me a long story', { stream: true }),
    read('Say hello', { model: 'google/gemini-2.5-pro' }),
    read('Think [[fault:status=503;times=1]]'),
    read('[[empty]]'),
    read('[[midstream-error]]', { stream: true }),
    read('[[error:503]]'),
    read('Hello', { model: 'gemini-9-of-nobody' }),
    read('Hello', { temperature: 'hot' }),
    fetch(`${gateway.url}/health`).then((response) => response.text()),
    fetch(`${gateway.url}/v1/models`).then((response) => response.text()),
    leave(),
  ]
  await Promise.all(all)
  // Some of them are told of a moment after their answers have come.
  const count = async () => valueOf(await scrape(gateway.metricsUrl), 'gateway_requests_total')
  while ((await count()) < all.length) await sleep(5)
  return { metricsUrl: gateway.metricsUrl, close: () => gateway.close() }
}

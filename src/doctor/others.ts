import { createClient } from '@redis/client'
import type { Config, EndpointConfig } from '../config.ts'
import { type Finding, good, mend, mind } from './finding.ts'
import { ask, explain, toFailure } from './network.ts'

/** Whether an OpenAI-compatible server of one's own answers. Those on Vertex AI need a credential first. */
export async function checkEndpoint({ name, at }: EndpointConfig): Promise<Finding[]> {
  if (!('url' in at)) return []
  const about = `endpoint ${name}`
  const headers: Record<string, string> =
    at.apiKey === undefined ? {} : { authorization: `Bearer ${at.apiKey}` }
  const heard = await ask(`${at.url}/models`, { headers })
  if ('failure' in heard) {
    return [mend(about, ...explain(heard.failure, heard.detail, new URL(at.url).host))]
  }
  if (heard.status === 200) return [good(about, 'It answers.')]
  if (heard.status === 401 || heard.status === 403) {
    return [mend(about, `It refuses the key (HTTP ${heard.status}).`, 'Check its apiKey.')]
  }
  if (heard.status === 404) {
    const todo = 'If chat completions do not work either, the base URL lacks its /v1.'
    return [mind(about, 'It has no list of models (HTTP 404).', todo)]
  }
  return [mind(about, `Its list of models is HTTP ${heard.status}.`, 'Look into its own log.')]
}

/** Whether Redis answers. Its own words may hold the password, so only their first is told. */
export async function checkRedis(url: string): Promise<Finding> {
  const client = createClient({
    url,
    socket: { connectTimeout: 3_000, reconnectStrategy: false },
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.ping()
    return good('Redis', 'It answers.')
  } catch (error) {
    const word = error instanceof Error ? /^[A-Z]{3,16}\b/.exec(error.message)?.[0] : undefined
    if (word === 'WRONGPASS' || word === 'NOAUTH') {
      return mend(
        'Redis',
        `It refuses the password (${word}).`,
        'Check user and password in REDIS_URL; special signs are percent-encoded.',
      )
    }
    const { failure, detail } = toFailure(error)
    const [says, todo] = explain(failure, detail, new URL(url).host)
    return mend('Redis', says, `${todo} Without it each instance remembers and limits for itself.`)
  } finally {
    client.destroy()
  }
}

/** Whether whoever takes the traces answers. */
export async function checkTraces({
  url,
  headers,
}: NonNullable<Config['traces']>): Promise<Finding> {
  const heard = await ask(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"resourceSpans":[]}',
  })
  if ('failure' in heard)
    return mind('traces', ...explain(heard.failure, heard.detail, new URL(url).host))
  if (heard.status < 300) return good('traces', 'They are taken.')
  const todo =
    'Check OTEL_EXPORTER_OTLP_ENDPOINT (port 4318 speaks HTTP, 4317 does not) and OTEL_EXPORTER_OTLP_HEADERS.'
  return mind('traces', `They are refused (HTTP ${heard.status}).`, todo)
}

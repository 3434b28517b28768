import { startEmulator } from '../../src/emulator/server.ts'
import { type MetadataServer, startMetadataServer } from '../../src/emulator/metadata.ts'
import { postAll } from '../support/raw-client.ts'
import { startGatewayProcess } from './support/process.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'Google’s tokens are fetched once, ahead of time, and their source may fail'

const question = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] }

/** A gateway to Vertex AI whose tokens come from this metadata server. */
function startVertex(emulatorUrl: string, metadata: MetadataServer) {
  return startGatewayProcess(emulatorUrl, {
    GEMINI_API_KEY: '',
    GOOGLE_CLOUD_PROJECT: 'p',
    GOOGLE_VERTEX_BASE_URL: emulatorUrl,
    GCE_METADATA_HOST: metadata.host,
    POLLUX_MAX_CONCURRENT: '2000',
  })
}

async function statusOf(url: string): Promise<number> {
  const [{ status } = { status: 0 }] = await postAll(`${url}/v1/chat/completions`, [question])
  return status
}

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const emulator = await startEmulator()
  try {
    yield* atColdStart(emulator.url)
    yield* whileValid(emulator.url, edition === 'long' ? 240 : 26)
    yield* withoutAny(emulator.url)
  } finally {
    await emulator.close()
  }
}

async function* atColdStart(url: string): AsyncGenerator<Figure> {
  const metadata = await startMetadataServer({ expiresIn: 3600 })
  const gateway = await startVertex(url, metadata)
  const answers = await postAll(
    `${gateway.url}/v1/chat/completions`,
    Array.from({ length: 1_000 }, () => question),
    { sockets: 1_000 },
  )
  const right = answers.filter(({ status }) => status === 200).length
  const { token = 0 } = metadata.calls
  yield {
    promise: '1,000 cold requests: 1 token call',
    seen: `${token} calls, ${right} answers`,
    kept: token === 1 && right === 1_000,
  }
  gateway.kill()
  await metadata.close()
}

/**
 * A token that is within its last five minutes: it is to be renewed, and its source fails in one way
 * after the other. (In virtual time the whole four minutes are a unit test of the token's keeper.)
 */
async function* whileValid(url: string, seconds: number): AsyncGenerator<Figure> {
  const metadata = await startMetadataServer({ expiresIn: 299 })
  const gateway = await startVertex(url, metadata)
  await statusOf(gateway.url)
  const before = metadata.calls.token ?? 0
  let asked = 0
  let failed = 0
  for (const faults of [{ status: 500 }, { hang: true }]) {
    metadata.fail(faults)
    const end = performance.now() + (seconds * 1000) / 2
    while (performance.now() < end) {
      asked += 1
      if ((await statusOf(gateway.url)) !== 200) failed += 1
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const calls = (metadata.calls.token ?? 0) - before
  yield {
    promise: `the token server failing and hanging for ${seconds} s beside a valid token: 0 failed requests`,
    seen: `${failed} of ${asked}; it was asked ${calls} times`,
    kept: failed === 0 && asked > 100 && calls > 0 && calls < seconds * 5,
  }
  gateway.kill()
  await metadata.close()
}

async function* withoutAny(url: string): AsyncGenerator<Figure> {
  const metadata = await startMetadataServer({ expiresIn: 3600 })
  metadata.fail({ status: 500 })
  const gateway = await startVertex(url, metadata)
  const started = performance.now()
  const status = await statusOf(gateway.url)
  const took = performance.now() - started
  const ready = await fetch(`${gateway.url}/health/ready`)
  yield {
    promise: 'no token at a cold start: 503 within 10 s, and not ready',
    seen: `${status} after ${Math.round(took)} ms, readiness ${ready.status}`,
    kept: status === 503 && took <= 10_000 && ready.status === 503,
  }
  metadata.fail({})
  const repaired = performance.now()
  // Nothing but the probe asks: it has to be enough.
  while ((await fetch(`${gateway.url}/health/ready`)).status !== 200) {
    if (performance.now() - repaired > 10_000) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const recovery = performance.now() - repaired
  yield {
    promise: 'it recovers within 2 s of the repair, without a restart',
    seen: `${Math.round(recovery)} ms, then ${await statusOf(gateway.url)}`,
    kept: recovery <= 2_000,
  }
  gateway.kill()
  await metadata.close()
}

import { type App, startApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { createLog } from './log.ts'

const config = readConfigOrExit()
const log = createLog(config.logLevel)
for (const warning of config.warnings) log.warn(warning)
const app = await startApp(config, log)
announce(config, app)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal))

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`Pollux cannot start:\n${error.message}\n`)
    process.exit(1)
  }
}

/** What is served, from where, and how to try it: readable at home, one JSON line in production. */
function announce({ backends, auth }: Config, { url }: App): void {
  const from = backends.emulated
    ? 'the built-in EMULATOR: answers are made up, set GEMINI_API_KEY or GOOGLE_CLOUD_PROJECT for real ones'
    : [
        ...(backends.vertex
          ? [`Vertex AI (${backends.vertex.project}, ${backends.vertex.location})`]
          : []),
        ...(backends.gemini ? ['the Gemini Developer API'] : []),
      ].join(' and ')
  const line = `Pollux serves Gemini at ${url}/v1 from ${from}`
  if (process.env.K_SERVICE !== undefined || process.env.NODE_ENV === 'production') {
    log.info(line)
    return
  }
  const key = {
    none: '',
    keys: " -H 'authorization: Bearer <one of your keys>'",
    passthrough: " -H 'authorization: Bearer <your Google token>'",
  }
  const body = '{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"Hello!"}]}'
  process.stdout.write(
    `${line}\n\n  curl ${url}/v1/chat/completions${key[auth.mode]} -H 'content-type: application/json' -d '${body}'\n\n`,
  )
}

async function stop(signal: string): Promise<void> {
  log.info(`${signal}: finishing what is running`)
  await app.close()
  process.exit(0)
}

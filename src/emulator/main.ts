import { argv, env, exit, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { type Emulator, startEmulator } from './server.ts'

const usage = `npm run emulator -- [--port 8090] [--host 127.0.0.1] [--script answers.json]
PORT, HOST and EMULATOR_SCRIPT in the environment mean the same.
`

const settings = readSettings()
const emulator = await start()
stdout.write(welcome(emulator.url))
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void emulator.close().then(() => exit(0)))
}

function readSettings(): { host: string; port: number; script: string | undefined } {
  try {
    const { values } = parseArgs({
      args: argv.slice(2),
      options: {
        port: { type: 'string', default: env['PORT'] ?? '8090' },
        host: { type: 'string', default: env['HOST'] ?? '127.0.0.1' },
        script: {
          type: 'string',
          ...(env['EMULATOR_SCRIPT'] && { default: env['EMULATOR_SCRIPT'] }),
        },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      stdout.write(usage)
      exit(0)
    }
    const port = Number(values.port)
    if (!/^\d+$/.test(values.port) || port > 65_535) {
      throw new Error(`The port has to be a number up to 65535, not ${values.port}.`)
    }
    return { host: values.host, port, script: values.script }
  } catch (error) {
    return fail(error, usage)
  }
}

async function start(): Promise<Emulator> {
  try {
    return await startEmulator(settings)
  } catch (error) {
    return fail(error)
  }
}

function fail(error: unknown, more = ''): never {
  const problem = error instanceof Error ? error.message : String(error)
  stderr.write(`The emulator cannot start: ${problem}\n${more}`)
  exit(1)
}

function welcome(url: string): string {
  const body = `'{"contents":[{"role":"user","parts":[{"text":"Why is the sky blue?"}]}]}'`
  return `Gemini, emulated, at ${url} (both the Developer API and Vertex AI; what was asked: ${url}/_log)

  @google/genai   new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: '${url}' } })
  google-genai    genai.Client(api_key='any', http_options={'base_url': '${url}'})
  curl            curl ${url}/v1beta/models/gemini-2.5-flash:generateContent -H 'x-goog-api-key: any' -d ${body}

`
}

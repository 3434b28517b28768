import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Gateway, startGateway } from '../support/gateway.ts'

const run = promisify(execFile)
const folder = join(import.meta.dirname, 'curl')

/** What the answer to each sample looks like. */
const answers: Record<string, RegExp> = {
  text: /"content":"ahoy"/,
  stream: /^data: [^]*"content":"ahoy"[^]*\ndata: \[DONE\]\n\n$/,
  'reasoning-effort': /"reasoning_tokens":[1-9]/,
  thoughts: /"content":"<think>.*<\/think>/,
  function: /"name":"get_weather","arguments":"\{\\"location\\":\\"Kiel\\"/,
  image: /I see an image \(image\/png\)/,
  audio: /I hear a recording \(audio\/wav\)/,
  'structured-output': /"content":"\{[^"]*\\"sailor\\": *\\"/,
  models: /"id":"gemini-2\.5-flash"/,
  'one-model': /"id":"gemini-2\.5-flash","object":"model"/,
  vertex: /"content":"ahoy"/,
  'vertex-stream': /^data: [^]*"content":"ahoy"[^]*\ndata: \[DONE\]\n\n$/,
  'vertex-image-from-a-bucket': /I see an image \(image\/png\)/,
}

// Each is a shell and a curl, which mostly wait.
describe(
  'what Google documents with curl, changed only in host and key',
  { concurrency: 4 },
  () => {
    let gateway: Gateway
    before(async () => {
      gateway = await startGateway({})
    })
    after(() => gateway.close())

    for (const file of readdirSync(folder)) {
      const name = file.replace('.sh', '')
      it(`works: ${name.replaceAll('-', ' ')}`, async () => {
        assert.match(await said(readFileSync(join(folder, file), 'utf8'), gateway), answers[name]!)
      })
    }
  },
)

async function said(sample: string, { url }: Gateway): Promise<string> {
  const here = sample
    .replace(/https:\/\/(?:generativelanguage|aiplatform)\.googleapis\.com/, url)
    .replace('$(gcloud auth print-access-token)', '$GEMINI_API_KEY')
    .replace('curl ', 'curl --silent --show-error ')
  const place = { PROJECT_ID: 'emulator', LOCATION: 'global' }
  const env = { PATH: process.env.PATH, GEMINI_API_KEY: 'any', ...place }
  const { stdout } = await run('bash', ['-c', here], { env, timeout: 20_000 })
  return stdout
}

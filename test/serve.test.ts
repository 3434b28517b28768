import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { loadConfig } from '../src/config.ts'
import { announcement } from '../src/serve.ts'
import { startGateway } from './support/gateway.ts'

const run = promisify(execFile)
const curl = ['/usr/bin/curl', '/bin/curl', '/usr/local/bin/curl'].some((path) => existsSync(path))

describe('what is said at the start', () => {
  it('names the endpoints where there is nothing else, with a curl for the first', async () => {
    const env = {
      POLLUX_ENDPOINTS: '{"it\'s-mine":{"url":"http://127.0.0.1:1/v1"},"b":{"url":"http://x/v1"}}',
    }
    const gateway = await startGateway(env)
    const said = announcement(await loadConfig(env), gateway.url)
    assert.equal(
      said.line,
      `Pollux serves it's-mine, b at ${gateway.url}/v1 from their own addresses`,
    )
    if (curl) {
      const { stdout } = await run('bash', ['-c', said.curl], { timeout: 10_000 })
      assert.match(stdout, /could not be reached/)
    }
    await gateway.close()
  })

  it('names them beside Google', async () => {
    const env = {
      GEMINI_API_KEY: 'k',
      POLLUX_ENDPOINTS: '{"local":{"url":"http://127.0.0.1:1/v1"}}',
    }
    const { line, curl } = announcement(await loadConfig(env), 'http://here')
    assert.match(line, /from the Gemini Developer API, and local from their own addresses$/)
    assert.match(curl, /"gemini-2\.5-flash"/)
  })
})

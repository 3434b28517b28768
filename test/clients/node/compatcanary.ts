import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { signingModel, tell } from './story.ts'

interface Report {
  score: number
  results: { id: string; status: string; summary: string }[]
}

// It knows the address and the key by OpenAI's names; `modern` would ask for the Responses API too.
const options = ['--model', signingModel, '--profile', 'chat', '--format', 'json']
const main = fileURLToPath(import.meta.resolve('compatcanary')).replace('index.js', 'cli.js')
const report: Report = JSON.parse(
  execFileSync(process.execPath, [main, 'scan', ...options, '--fail-on', 'never'], {
    encoding: 'utf8',
  }),
)

const probes = [
  ['text', 'chat.basic'],
  ['stream', 'chat.streaming'],
  ['structured output', 'chat.structured_output'],
] as const
for (const [ability, id] of probes) {
  await tell(ability, async () => {
    assert.equal(report.results.find((result) => result.id === id)?.status, 'pass')
    // All else that it looks at: the list of models, and a call that is forced.
    assert.equal(report.score, 100, JSON.stringify(report.results))
  })
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/**
 * The whole suite in three processes: some tests wait, so that two would leave a core idle. Within each
 * all files share the process (`--test-isolation=none`), which costs far less than a process for each.
 */
const thirds = ['1/3', '2/3', '3/3'].map((shard) => {
  const flags = [
    '--test',
    '--test-isolation=none',
    // No test may hang for ever, nor what one of them left open keep the others' process alive.
    '--test-timeout=60000',
    '--test-force-exit',
    `--test-shard=${shard}`,
  ]
  const child = spawn(process.execPath, [...flags, 'test/**/*.test.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Far more than it takes: nothing may hang for ever.
    timeout: 300_000,
  })
  return { output: text(child.stdout), end: once(child, 'close') }
})

let failed = false
for (const { output, end } of thirds) {
  process.stdout.write(await output)
  const [code] = await end
  failed ||= code !== 0
}
process.exitCode = failed ? 1 : 0

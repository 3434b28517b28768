import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** About how many seconds they take that take most; the others are counted as a fifth of one. */
const seconds: Record<string, number> = {
  'limits/shared': 7.6,
  'upstream/failover': 5.8,
  'clients/runner': 5.3,
  'http/limits': 5.1,
  'upstream/redis-signatures': 5,
  'translate/chat/parameters': 4.5,
  main: 4.4,
  reload: 4.2,
  'telemetry/tracing': 3.9,
  'http/overload': 3.2,
  'translate/openapi-schema': 3,
  architecture: 2.8,
  checklist: 2.6,
  'replay/replay': 2.6,
  'clients/curl': 2.5,
  'upstream/credentials': 2.5,
  'http/h2c-limits': 2.4,
  start: 2.4,
  'http/h2c': 2.3,
  'http/stalled': 2.3,
  'http/h2c-streams': 2.2,
  'http/streaming': 2.2,
  'http/heartbeat': 2.1,
  'limits/limiter': 2.1,
  'telemetry/dashboard': 2,
  'doctor/doctor': 1.9,
  'translate/chat/request': 1.9,
  'translate/json-schema': 1.8,
  'replay/both-backends': 1.7,
  'commands/commands': 1.4,
  'replay/openai-requests': 1.4,
  'http/request-log': 1.3,
  'http/admission': 1.2,
  'upstream/signatures': 1.2,
  'cases/requests': 1.1,
  'telemetry/metrics': 1.1,
  'upstream/gemini-tries': 1,
  'upstream/transport': 1,
  'upstream/gemini': 0.9,
  'deploy/kubernetes': 0.8,
  'http/errors': 0.8,
  'http/log': 0.8,
  'http/protocols': 0.8,
}

const root = join(import.meta.dirname, '..')

/**
 * The whole suite in three processes: some tests wait, so that two would leave a core idle. Within each
 * all files share the process (`--test-isolation=none`), which costs far less than a process for each.
 */
const processes = dealt(3).map((files) => {
  const flags = [
    '--test',
    '--test-isolation=none',
    // No test may hang for ever, nor what one of them left open keep the others' process alive.
    '--test-timeout=60000',
    '--test-force-exit',
  ]
  const child = spawn(process.execPath, [...flags, ...files], {
    cwd: root,
    // What one of them has compiled, the others and the next run need not: the gateway does the same.
    env: { NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'), ...process.env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // Far more than it takes: nothing may hang for ever.
    timeout: 300_000,
  })
  return { output: text(child.stdout), end: once(child, 'close') }
})

let failed = false
for (const { output, end } of processes) {
  process.stdout.write(await output)
  const [code] = await end
  failed ||= code !== 0
}
process.exitCode = failed ? 1 : 0

/** All files, in as many hands, each of which takes about as long as the others. */
function dealt(count: number): string[][] {
  const exclude = ['**/node_modules/**']
  const files = globSync('test/**/*.test.ts', { cwd: root, exclude }).toSorted()
  const gone = Object.keys(seconds).filter((name) => !files.includes(`test/${name}.test.ts`))
  if (gone.length > 0) throw new Error(`There are no tests ${gone.join(', ')}.`)
  const all = files
    .map((file) => ({
      file,
      seconds: seconds[/^test\/(.*)\.test\.ts$/.exec(file)?.[1] ?? ''] ?? 0.2,
    }))
    .toSorted((a, b) => b.seconds - a.seconds)
  const hands = Array.from({ length: count }, (): typeof all => [])
  const weight = (hand: typeof all) => hand.reduce((sum, one) => sum + one.seconds, 0)
  for (const one of all) hands.toSorted((a, b) => weight(a) - weight(b))[0]?.push(one)
  return hands.map((hand) => hand.map(({ file }) => file).toSorted())
}

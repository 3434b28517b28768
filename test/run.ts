import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** About how many seconds they take that take more than one; the others are counted as a fifth of one. */
const seconds: Record<string, number> = {
  'limits/shared': 9,
  main: 8,
  'clients/runner': 7,
  'upstream/failover': 5.4,
  'upstream/redis-signatures': 5.4,
  'http/limits': 5,
  'translate/chat/parameters': 5,
  'translate/openapi-schema': 4.5,
  reload: 4.5,
  'http/h2c-streams': 4,
  'clients/curl': 4,
  'replay/replay': 4,
  'replay/both-backends': 4,
  architecture: 4,
  'commands/commands': 3.5,
  start: 3.5,
  'http/overload': 3.4,
  'telemetry/tracing': 3.2,
  'http/h2c-limits': 3,
  'limits/limiter': 3,
  'upstream/credentials': 3,
  checklist: 3,
  'translate/chat/request': 2.9,
  'http/errors': 2.8,
  'http/streaming': 2.6,
  'http/h2c': 2.4,
  'http/heartbeat': 2.2,
  'doctor/doctor': 2.2,
  'replay/openai-requests': 2.2,
  'translate/json-schema': 2.2,
  'http/stalled': 2,
  'upstream/gemini': 2,
  'replay/cuts': 1.7,
  'telemetry/dashboard': 1.6,
  'upstream/token': 1.6,
  'http/request-log': 1.5,
  'upstream/gemini-tries': 1.5,
  'upstream/retry': 1.5,
  'translate/chat/stream': 1.3,
  'cases/requests': 1.2,
  'http/admission': 1.2,
  'replay/broken': 1.2,
  'telemetry/metrics': 1.2,
  'cases/answers': 1.1,
  'upstream/transport': 0.9,
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

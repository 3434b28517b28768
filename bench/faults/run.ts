import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, release } from 'node:os'
import { join } from 'node:path'
import { startEmulator } from '../../src/emulator/server.ts'
import { startPollux, startPortkey } from './gateways.ts'
import { type Row, rows, type Scene, type Verdict } from './rows.ts'

/**
 * `npm run bench:faults`: the same fourteen faults before both gateways, one after another in one run.
 * Prints the table, and writes it into the README beside this file.
 */
const emulator = await startEmulator()
const scenes: Scene[] = []
for (const start of [startPollux, startPortkey]) {
  scenes.push({ gateway: await start(emulator.url), emulator, start })
}
const lines: string[] = []
const right = scenes.map(() => 0)
for (const row of rows) {
  const verdicts: Verdict[] = []
  for (const [at, scene] of scenes.entries()) {
    const verdict = await judged(row, scene)
    verdicts.push(verdict)
    if (verdict.right) right[at] = (right[at] ?? 0) + 1
  }
  const cells = verdicts.map(
    ({ seen, right }) => `${right ? '✔' : '✖'} ${seen.replaceAll('|', String.raw`\|`)}`,
  )
  lines.push(`| ${[row.fault, row.must, ...cells].join(' | ')} |`)
  console.log(lines.at(-1))
}
for (const { gateway } of scenes) gateway.kill()
await emulator.close()

const names = ['Pollux', `Portkey ${portkeyVersion()}`]
const table = [
  `| fault | must | ${names.join(' | ')} |`,
  '|---|---|---|---|',
  ...lines,
  `| **right** | | ${right.map((count) => `**${count} of ${rows.length}**`).join(' | ')} |`,
].join('\n')
console.log(`\n${table}`)
const file = join(import.meta.dirname, 'README.md')
const [introduction = ''] = readFileSync(file, 'utf8').split('## The last run')
const when = new Date().toISOString().slice(0, 10)
const where = `Pollux ${commit()}, Node ${process.version}, Linux ${release()}, ${availableParallelism()} cores`
writeFileSync(file, `${introduction}## The last run\n\n${when}: ${where}.\n\n${table}\n`)

async function judged(row: Row, scene: Scene): Promise<Verdict> {
  try {
    return await row.run(scene)
  } catch (error) {
    return { seen: `no verdict: ${String(error)}`, right: false }
  }
}

function commit(): string {
  return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: import.meta.dirname })
    .toString()
    .trim()
}

function portkeyVersion(): string {
  const lock = readFileSync(join(import.meta.dirname, 'package-lock.json'), 'utf8')
  return JSON.parse(lock).packages['node_modules/@portkey-ai/gateway'].version
}

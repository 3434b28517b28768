import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'

const begin = '<!-- the last run -->'
const end = '<!-- end of the last run -->'

/** Puts the tables of a run between the markers of the README beside this file. */
export function writeReadme(tables: string): void {
  const file = join(import.meta.dirname, 'README.md')
  writeFileSync(file, replaced(readFileSync(file, 'utf8'), tables))
}

/** A text with other words between its markers. Throws where it has none. */
export function replaced(text: string, between: string): string {
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error('The README has no markers.')
  return `${text.slice(0, from)}${begin}\n\n${between}\n\n${text.slice(to)}`
}

/** When, what and where. */
export function circumstances(): string {
  const when = new Date().toISOString().slice(0, 10)
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  const commit = stdout.trim() === '' ? 'outside a repository' : stdout.trim()
  const [processor] = cpus()
  return `${when}: Pollux ${commit}, Node ${process.version}, Linux ${release()}, ${cpus().length} cores of ${processor?.model ?? 'some kind'}.`
}

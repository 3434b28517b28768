import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder: string | undefined

/** A folder for what this run alone needs; gone with it, unless it fails: then the logs may tell why. */
export function scratch(): string {
  if (folder !== undefined) return folder
  const made = mkdtempSync(join(tmpdir(), 'pollux-bench-'))
  process.once('exit', (code) => {
    if (code === 0) rmSync(made, { recursive: true, force: true })
  })
  folder = made
  return made
}

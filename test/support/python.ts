import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const own = join(root, '.cache', 'python', 'bin', 'python')

/** A Python that can import what the samples need, or why there is none. */
export function findPython(): { python: string } | { missing: string } {
  const python = process.env.POLLUX_PYTHON ?? (existsSync(own) ? own : 'python3')
  try {
    execFileSync(python, ['-c', 'import openai, pydantic'], { stdio: 'pipe', timeout: 10_000 })
    return { python }
  } catch {
    return {
      missing: `${python} cannot import openai and pydantic; see test/clients/python/requirements.txt`,
    }
  }
}

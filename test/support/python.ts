import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf } from '../clients/install.ts'

const own = join(environmentOf('python/requirements.txt'), 'bin', 'python')

// To look for the modules is enough: to import them takes most of a second.
const lookUp = `
import sys
from importlib.util import find_spec
sys.exit(not all(find_spec(name) for name in ("openai", "pydantic")))
`

/** A Python that can import what the samples need, or why there is none. */
export function findPython(): { python: string } | { missing: string } {
  const python = process.env.POLLUX_PYTHON ?? (existsSync(own) ? own : 'python3')
  try {
    execFileSync(python, ['-c', lookUp], { stdio: 'pipe', timeout: 10_000 })
    return { python }
  } catch {
    return {
      missing: `${python} cannot import openai and pydantic; npm run test:clients -- --install brings them`,
    }
  }
}

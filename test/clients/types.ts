import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Client } from './clients.ts'
import { packagesOf } from './install.ts'

const run = promisify(execFile)
const tsc = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'tsc')

/** What the compiler says of programs with packages of their own, where `npm run check` does not look. */
export async function wrongTypes(clients: Client[]): Promise<string> {
  const trees = new Set(clients.flatMap(({ program }) => packagesOf(program) ?? []))
  const said = await Promise.all([...trees].map(complaints))
  return said.join('')
}

async function complaints(tree: string): Promise<string> {
  try {
    await run(process.execPath, [tsc, '--project', tree], { timeout: 120_000 })
    return ''
  } catch (error) {
    // It writes what is wrong to stdout, and exits with 2.
    return (error as { stdout?: string }).stdout || String(error)
  }
}

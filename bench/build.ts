import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Where all that a run makes is kept; git ignores it. */
export const made = join(import.meta.dirname, '.cache')

/** The programs in C, as paths. */
export const programs = { upstream: join(made, 'upstream'), generator: join(made, 'generator') }

/** Compiles the programs in C, where they are older than their sources. Throws where there is no compiler. */
export function build(): void {
  mkdirSync(made, { recursive: true })
  compile(programs.upstream, ['upstream.c', 'answers.c', 'http.c'])
  compile(programs.generator, [
    'generator.c',
    'plan.c',
    'http.c',
    'words.c',
    'times.c',
    'watched.c',
  ])
}

const native = join(import.meta.dirname, 'native')

function compile(program: string, sources: string[]): void {
  const changed = readdirSync(native).map((name) => statSync(join(native, name)).mtimeMs)
  const compiled = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (compiled > Math.max(...changed)) return
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program]
  const { status, error } = spawnSync('gcc', [...flags, ...sources], {
    cwd: native,
    stdio: 'inherit',
  })
  if (error) throw new Error('The benchmark is compiled with gcc, which is not here.')
  if (status !== 0) throw new Error(`${program} does not compile.`)
}

import { execFile } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Client } from './clients.ts'
import type { Command } from './perform.ts'

const run = promisify(execFile)
const folder = import.meta.dirname
const cache = join(folder, '..', '..', '.cache', 'clients')

/**
 * What a client needs where it is missing, and how it is started then. Throws what npm, pip or go threw
 * where it cannot be had or built, or not in so many milliseconds.
 */
export async function install(
  { program, requirements }: Client,
  limitMs: number,
): Promise<Command> {
  const file = join(folder, program)
  if (!existsSync(file)) throw new Error(`There is no ${program}.`)
  const tree = packagesOf(program)
  const path = [dirname(process.execPath)]
  if (tree !== undefined) {
    await once(tree, () => installPackages(tree, limitMs))
    path.push(join(tree, 'node_modules', '.bin'))
  }
  if (requirements !== undefined) {
    const home = environmentOf(requirements)
    await once(home, () => installEnvironment(home, join(folder, requirements), limitMs))
    path.push(join(home, 'bin'))
  }
  switch (extname(program)) {
    case '.ts':
      return { file: process.execPath, args: [file], path }
    case '.py':
      return { file: 'python', args: [file], path: path.toReversed() }
    default:
      return { file: await once(file, () => build(file, limitMs)), args: [], path }
  }
}

/** Where the virtual environment of such a file of requirements is. */
export function environmentOf(requirements: string): string {
  return join(cache, requirements.replace(/\.txt$/, '').replaceAll('/', '-'))
}

/** The folder with the package.json that a program belongs to. */
export function packagesOf(program: string): string | undefined {
  const above = program.split('/').map((_, i, parts) => parts.slice(0, -1 - i).join('/'))
  const owner = above.find((one) => one !== '' && existsSync(join(folder, one, 'package.json')))
  return owner === undefined ? undefined : join(folder, owner)
}

// Several clients share what is installed: whoever comes second waits for the first.
const underway = new Map<string, Promise<unknown>>()

async function once<T>(what: string, make: () => Promise<T>): Promise<T> {
  const made = underway.get(what) ?? make()
  underway.set(what, made)
  // Whatever is made under one name is made by one function.
  return made as Promise<T>
}

async function installPackages(tree: string, timeout: number): Promise<void> {
  const age = (file: string) => statSync(join(tree, file), { throwIfNoEntry: false })?.mtimeMs ?? -1
  if (age('node_modules/.package-lock.json') >= age('package-lock.json')) return
  // As the lock has it. `npm ci` would want the packages of all platforms there, which some registries lack.
  const npm = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', npm, { cwd: tree, timeout })
}

/** What installs Python's packages, itself installed by pip. */
const uv = 'uv==0.13.9'

async function installEnvironment(
  home: string,
  requirements: string,
  timeout: number,
): Promise<void> {
  const wanted = readFileSync(requirements, 'utf8')
  // Written when all is there.
  const stamp = join(home, 'installed.txt')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  await run('python3', ['-m', 'venv', '--clear', home], { timeout })
  const pip = join(home, 'bin', 'pip')
  const quiet = ['install', '--quiet', '--disable-pip-version-check']
  // It takes a tenth of the time that pip takes for the same.
  await run(pip, [...quiet, uv], { timeout })
  const python = ['--python', join(home, 'bin', 'python')]
  const uvs = ['pip', 'install', '--quiet', ...python, '--requirement', requirements]
  await run(join(home, 'bin', 'uv'), uvs, { timeout })
  await writeFile(stamp, wanted)
}

async function build(source: string, timeout: number): Promise<string> {
  const program = join(cache, 'go', source.split('/').at(-1) ?? '')
  await mkdir(dirname(program), { recursive: true })
  // It runs once: to compile it well would take longer than to run it.
  const quickly = ['-gcflags=all=-N -l', '-ldflags=-s -w']
  await run('go', ['build', ...quickly, '-o', program, '.'], { cwd: source, timeout })
  return program
}

import { execSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** What the Dockerfile adds to its base, in a folder. */
export interface LaidOut {
  /** The image's root. */
  root: string
  /** Where its process starts, and how. */
  workdir: string
  entrypoint: string[]
  env: Record<string, string>
  /** In bytes, without the base. */
  size: number
}

/** Does by hand what a checkout's Dockerfile says, where there is no engine to do it. Installs from the registry. */
export function layOut(project = join(import.meta.dirname, '..')): LaidOut {
  const [, build = '', image = ''] = readFileSync(join(project, 'Dockerfile'), 'utf8')
    .replaceAll('\\\n', '')
    .split(/^FROM /m)
  const folder = mkdtempSync(join(tmpdir(), 'pollux-image-'))
  const [built, root] = [join(folder, 'build'), join(folder, 'root')]
  mkdirSync(built)
  for (const { word, rest } of instructions(build)) {
    if (word === 'COPY') copy(rest, project, built)
    if (word === 'RUN') run(rest, built)
  }
  const laidOut: LaidOut = { root, workdir: root, entrypoint: [], env: {}, size: 0 }
  for (const { word, rest } of instructions(image)) {
    if (word === 'WORKDIR') laidOut.workdir = join(root, rest)
    // Node is the one that runs this.
    if (word === 'COPY' && rest.includes('/usr/local/bin/node')) {
      cpSync(process.execPath, join(root, 'usr/local/bin/node'))
    } else if (word === 'COPY') {
      copy(rest.replace('--from=build /build', '.'), built, laidOut.workdir, root)
    }
    if (word === 'ENV')
      laidOut.env = Object.fromEntries(rest.split(' ').map((one) => one.split('=')))
    if (word === 'ENTRYPOINT') laidOut.entrypoint = JSON.parse(rest)
  }
  return { ...laidOut, size: sizeOf(root) }
}

function instructions(stage: string): { word: string; rest: string }[] {
  return [...stage.matchAll(/^([A-Z]+) (.+)$/gm)].map(([, word = '', rest = '']) => ({
    word,
    rest,
  }))
}

/** `COPY from … to`, where `to` may be a folder by its slash, or by what `from` is. */
function copy(rest: string, source: string, workdir: string, root = workdir): void {
  const from = rest.split(' ')
  const to = from.pop() ?? ''
  const base = to.startsWith('/') ? root : workdir
  for (const one of from) {
    const path = to.endsWith('/') ? join(base, to, basename(one)) : join(base, to)
    // What .dockerignore keeps out.
    const filter = (file: string) => file !== join(source, 'image/node_modules')
    cpSync(join(source, one), path, { recursive: true, filter })
  }
}

function run(command: string, cwd: string): void {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` }
  execSync(command, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] })
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true })
    .map((path) => statSync(join(folder, String(path))))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0)
}

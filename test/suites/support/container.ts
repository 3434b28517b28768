import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { LaidOut } from '../../../bench/image.ts'
import { within } from '../../support/within.ts'
import { endWithUs } from './ends-with-us.ts'

/** The image's process, in walls like those of a container. */
export interface Container {
  /** Its number out here. */
  pid: number
  stdout(): string
  stderr(): string
  signal(name: 'SIGTERM' | 'SIGKILL'): void
  /** Resolves with the exit code; null where a signal ended it. */
  exited(ms: number): Promise<number | null>
  /** As the kernel tells it: user, root folder, limit of memory. */
  walls(): Walls
  /** Frees what it was given. */
  close(): Promise<void>
}

export interface Walls {
  uid: number
  /** Whether its root folder can be read only. */
  readOnly: boolean
  /** Who limits its memory. */
  memory: string
  /** The most that it ever had, in MB, where somebody counts it. */
  peak: number | undefined
}

export interface Room {
  /** All that its process knows of the world, beside what the image says. */
  env: Record<string, string>
  /** Bytes. */
  memory: number
}

const namespaces = ['--mount', '--pid', '--fork', '--kill-child']

/** Whether this machine lets us build the walls. */
export function canContain(): boolean {
  const change = 'mount --bind /usr /usr && mount -o remount,ro,bind /usr'
  return spawnSync('unshare', [...namespaces, 'sh', '-c', change]).status === 0
}

/**
 * What the image's base has, taken from this machine: the libraries of `node`, and who loads them. Beside
 * it files that are mounted, by their paths.
 */
export function furnish({ root }: LaidOut, files: Record<string, string>): void {
  const maps = readFileSync('/proc/self/maps', 'utf8')
  const libraries = new Set([...maps.matchAll(/\/\S+\.so[.\d]*$/gm)].map(([path]) => path))
  mkdirSync(join(root, 'usr/lib'), { recursive: true })
  for (const path of libraries) {
    for (const name of namesOf(path)) {
      const at = name.startsWith('ld-linux') ? loaderOf(name) : join('usr/lib', name)
      if (existsSync(join(root, at))) continue
      mkdirSync(join(root, dirname(at)), { recursive: true })
      cpSync(path, join(root, at), { dereference: true })
    }
  }
  for (const mounted of ['proc', 'sys/fs/cgroup']) {
    mkdirSync(join(root, mounted), { recursive: true })
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  // Folders of temporary files are their maker's alone.
  chmodSync(dirname(root), 0o755)
  chmodSync(root, 0o755)
}

/** A library's names: programs ask for `libstdc++.so.6`, and the kernel tells `libstdc++.so.6.0.30`. */
function namesOf(path: string): string[] {
  const [stem = ''] = basename(path).split('.so')
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(`${stem}.so`))
    .filter((name) => realpathSync(join(dirname(path), name)) === realpathSync(path))
}

/** Where programs look for the loader. */
function loaderOf(name: string): string {
  return existsSync(`/lib64/${name}`) ? `lib64/${name}` : `lib/${name}`
}

/** Starts the image's entrypoint as the first process of its own, as uid 65532, on a root that it can read only. */
export async function startContainer(image: LaidOut, room: Room): Promise<Container> {
  const limit = limitOf(room.memory)
  const outer = spawn(
    'unshare',
    [...namespaces, ...limit.program, 'sh', '-ec', build, 'sh', ...image.entrypoint],
    {
      env: {
        ...image.env,
        ...room.env,
        // For the builder, who keeps them to himself.
        BUILD_ROOT: image.root,
        BUILD_WORKDIR: image.workdir.slice(image.root.length),
        BUILD_GROUP: limit.folder ?? '',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  endWithUs(outer)
  const out: Buffer[] = []
  const err: Buffer[] = []
  outer.stdout.on('data', (piece: Buffer) => out.push(piece))
  outer.stderr.on('data', (piece: Buffer) => err.push(piece))
  const closed = once(outer, 'close')
  const pid = await within(5_000, innerOf(outer.pid ?? 0), 'nothing was started')
  // Whoever changes his uid is no longer killed with his parent.
  const kill = () => void (isRunning(outer) && process.kill(pid, 'SIGKILL'))
  process.once('exit', kill)
  return {
    pid,
    stdout: () => Buffer.concat(out).toString(),
    stderr: () => Buffer.concat(err).toString(),
    signal: (name) => void process.kill(pid, name),
    async exited(ms) {
      await within(ms, closed, 'it did not exit')
      return outer.exitCode
    },
    walls: () => ({ ...wallsOf(pid), memory: limit.who, peak: limit.peak() }),
    async close() {
      kill()
      process.off('exit', kill)
      await closed
      if (limit.folder !== undefined) rmdirSync(limit.folder)
    },
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

/**
 * Builds the walls from inside, and gives its place to the entrypoint: the kernel's process stays the
 * same, and its signals.
 */
const build = `
[ -z "$BUILD_GROUP" ] || echo 0 > "$BUILD_GROUP/cgroup.procs"
mount --bind "$BUILD_ROOT" "$BUILD_ROOT"
mount -o remount,ro,bind "$BUILD_ROOT"
mount -t proc proc "$BUILD_ROOT/proc"
mount --rbind /sys/fs/cgroup "$BUILD_ROOT/sys/fs/cgroup"
root=$BUILD_ROOT workdir=$BUILD_WORKDIR
unset BUILD_ROOT BUILD_WORKDIR BUILD_GROUP PWD OLDPWD SHLVL _
exec /usr/bin/unshare --root="$root" --wd="$workdir" --setgid=65532 --setuid=65532 "$@"
`

interface Limit {
  who: string
  /** Of a control group, which is made for it. */
  folder: string | undefined
  /** What starts the process within the limit, where it is no control group. */
  program: string[]
  peak(): number | undefined
}

/** By a control group of version 2 or 1; else by prlimit, which counts private memory alone. */
function limitOf(bytes: number): Limit {
  for (const [base, most, peak, who] of [
    ['/sys/fs/cgroup', 'memory.max', 'memory.peak', 'cgroup v2'],
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'memory.max_usage_in_bytes', 'cgroup v1'],
  ] as const) {
    const folder = join(base, `pollux-${process.pid}-${Math.random().toString(36).slice(2)}`)
    try {
      if (!existsSync(join(base, 'cgroup.procs'))) continue
      mkdirSync(folder)
      writeFileSync(join(folder, most), String(bytes))
      return {
        who,
        folder,
        program: [],
        peak: () => Number(readFileSync(join(folder, peak), 'utf8')) / 1e6,
      }
    } catch {
      if (existsSync(folder)) rmdirSync(folder)
    }
  }
  return {
    who: 'prlimit, of its data',
    folder: undefined,
    program: ['prlimit', `--data=${bytes}`],
    peak: () => undefined,
  }
}

/** The process that `unshare` has started; its own number outside. */
async function innerOf(pid: number): Promise<number> {
  for (;;) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    if (children !== '') return Number(children)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function wallsOf(pid: number): { uid: number; readOnly: boolean } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  return {
    uid: Number(/^Uid:\t\d+\t(\d+)/m.exec(status)?.[1]),
    // The fifth word of a line is where it is mounted, the sixth how.
    readOnly: /^\S+ \S+ \S+ \S+ \/ ro\b/m.exec(mounts) !== null,
  }
}

/** Every file under a folder with its size and the time of its last change. */
export function inventory(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => !/^(proc|sys)\//.test(path))
    .map((path) => {
      const { size, mtimeMs } = statSync(join(folder, path))
      return `${path} ${size} ${mtimeMs}`
    })
    .toSorted()
}

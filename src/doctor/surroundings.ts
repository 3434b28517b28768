import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { isLoopback } from '../config/checks.ts'
import { type Finding, good, mend, mind } from './finding.ts'

/** What the machine gives the process. */
export interface Machine {
  /** As in `process.versions.node`. */
  node: string
  /** Bytes that a container allows; undefined where nobody limits it. */
  memory: number | undefined
  /** How many files may be open. */
  openFiles: number | undefined
}

export function thisMachine(): Machine {
  const memory = process.constrainedMemory()
  return {
    node: process.versions.node,
    // Nought, or more than there is, stands for no limit.
    memory: memory > 0 && memory < 2 ** 50 ? memory : undefined,
    openFiles: readOpenFiles(),
  }
}

function readOpenFiles(): number | undefined {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return found === null ? undefined : Number(found[1])
  } catch {
    return undefined
  }
}

/** What the process takes idle, and beside the bodies that it holds, in bytes. */
const ownMemory = 200 * 1024 * 1024

/** Whether the configuration fits the machine, and lets in nobody by mistake. */
export function checkSurroundings(config: Config, machine: Machine): Finding[] {
  return [
    checkNode(machine),
    ...checkMemory(config, machine),
    ...checkFiles(config, machine),
    ...checkAuth(config),
  ]
}

/** The floor is in package.json's `engines`: older ones lack fixes of their HTTP server. */
function checkNode({ node }: Machine): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 17))
    return good('Node', `Node ${node} is new enough.`)
  return mend(
    'Node',
    `Node ${node} is too old.`,
    'npm start brings its own; else install 24.17 or newer.',
  )
}

function checkMemory({ bufferLimit }: Config, { memory }: Machine): Finding[] {
  if (memory === undefined) return []
  const needed = ownMemory + bufferLimit
  if (memory >= needed) return [good('memory', `${mib(memory)} are enough.`)]
  const todo = `Give it ${mib(needed)} or more, or set POLLUX_BUFFER_LIMIT to ${Math.max(1024, memory - ownMemory)}.`
  return [
    mind(
      'memory',
      `The container has ${mib(memory)}, and bodies alone may take ${mib(bufferLimit)}.`,
      todo,
    ),
  ]
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}

function checkFiles({ mostAtOnce }: Config, { openFiles }: Machine): Finding[] {
  // A connection to the client and one upstream for each, and some for all the rest.
  const needed = 2 * mostAtOnce + 100
  if (openFiles === undefined || openFiles >= needed) return []
  return [
    mind(
      'open files',
      `${openFiles} files may be open, and ${mostAtOnce} requests at once need ${needed}.`,
      `ulimit -n ${needed}, or set POLLUX_MAX_CONCURRENT lower.`,
    ),
  ]
}

function checkAuth({ auth, listen }: Config): Finding[] {
  if (auth.mode === 'none' && !isLoopback(listen.host)) {
    return [
      mind(
        'keys',
        `Whoever reaches ${listen.host} may use it, at your cost.`,
        'Unless something in front asks who it is (IAM), set POLLUX_API_KEYS.',
      ),
    ]
  }
  if (auth.mode !== 'keys') return []
  const valid = auth.keys.filter(({ expires }) => expires === undefined || expires > Date.now())
  const count = valid.length === 1 ? '1 key is' : `${valid.length} keys are`
  if (valid.length > 0) return [good('keys', `${count} valid.`)]
  return [mend('keys', 'All keys have expired.', 'Make a new one: npm run keys -- create <name>.')]
}

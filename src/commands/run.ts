import manifest from '../../package.json' with { type: 'json' }
import type { Command, Outcome } from './command.ts'

/** Loaded where they are asked for: the gateway itself needs none. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  'check-config': async () => (await import('./check-config.ts')).checkConfig,
  doctor: async () => (await import('./doctor.ts')).doctor,
  keys: async () => (await import('./keys.ts')).keys,
}

/** Runs a command of this name, and writes what it has to say. Resolves with the exit code. */
export async function run(name: string, words: readonly string[]): Promise<number> {
  const { text, exitCode } = await outcomeOf(name, words)
  const stream = exitCode === 2 ? process.stderr : process.stdout
  stream.write(`${text}\n`)
  return exitCode
}

/** What becomes of a command of this name, which may be none. */
export async function outcomeOf(name: string, words: readonly string[]): Promise<Outcome> {
  if (name === 'help' || name === '--help' || name === '-h') {
    return { text: await overview(), exitCode: 0 }
  }
  if (name === '--version') return { text: manifest.version, exitCode: 0 }
  if (name === 'serve') return serveWith(words)
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) {
    return { text: `There is no such command. ${await overview()}`, exitCode: 2 }
  }
  const command = await load()
  return command.run({ words, env: process.env })
}

/** It takes no words, and nobody who gives it some means to serve with them. */
function serveWith(words: readonly string[]): Outcome {
  const text =
    'Usage: serve. What it serves, and where, is said by environment variables: see the README.'
  return { text, exitCode: words.includes('--help') || words.includes('-h') ? 0 : 2 }
}

async function overview(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name}: ${(await load()).about}`),
  )
  return [
    'Without any word, or with `serve`, Pollux serves. Commands:',
    ...lines,
    '  help, --version',
  ].join('\n')
}

import type { Command } from './command.ts'

/** Loaded where they are asked for: the gateway itself needs none. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  'check-config': async () => (await import('./check-config.ts')).checkConfig,
  doctor: async () => (await import('./doctor.ts')).doctor,
  keys: async () => (await import('./keys.ts')).keys,
}

/** Runs a command of this name, and writes what it has to say. Resolves with the exit code. */
export async function run(name: string, words: readonly string[]): Promise<number> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) {
    process.stderr.write(await overview(name))
    return name === 'help' || name === '--help' ? 0 : 2
  }
  const command = await load()
  const { text, exitCode } = await command.run({ words, env: process.env })
  const stream = exitCode === 2 ? process.stderr : process.stdout
  stream.write(`${text}\n`)
  return exitCode
}

async function overview(name: string): Promise<string> {
  const lines = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name}: ${(await load()).about}`),
  )
  const asked = name === 'help' || name === '--help' ? '' : 'There is no such command. '
  return `${asked}Without any word, Pollux serves. Commands:\n${lines.join('\n')}\n`
}

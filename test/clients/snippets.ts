import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import type { Client } from './clients.ts'
import { install } from './install.ts'
import { perform } from './perform.ts'

/**
 * What docs/clients.md shows whole of a client, for people to paste, as a path in this folder;
 * undefined where it shows settings. In Go it is a folder.
 */
export function snippetOf({ program }: Client): string | undefined {
  const snippet =
    extname(program) === ''
      ? `${program}/snippet`
      : `${dirname(program)}/snippets/${basename(program)}`
  return existsSync(join(import.meta.dirname, snippet)) ? snippet : undefined
}

/** The file of it that is shown. */
export function shownOf(snippet: string): string {
  const file = extname(snippet) === '' ? `${snippet}/main.go` : snippet
  return join(import.meta.dirname, file)
}

/** Runs what people will paste, and tells what is wrong with it; undefined where nothing is. */
export async function wrongWithSnippet(
  client: Client,
  limitMs = 60_000,
): Promise<string | undefined> {
  const program = snippetOf(client)
  if (program === undefined) return undefined
  const command = await install({ ...client, program }, limitMs)
  const { stdout, stderr, trouble } = await perform(command, limitMs)
  if (trouble !== null) return `${program}: ${trouble}: ${stderr}`
  const word = client.shows ?? 'ahoy'
  return stdout.includes(word) ? undefined : `${program} does not say ${word}, but: ${stdout}`
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The options that `npm start` gives to Node, and the file that it starts. */
export const { nodeOptions, entry } = npmStartOf(join(import.meta.dirname, '../..'))

/** The same of any checkout. */
export function npmStartOf(root: string): { nodeOptions: string[]; entry: string } {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const [, ...words] = String(manifest.scripts.start).split(' ')
  return { nodeOptions: words.slice(0, -1), entry: words.at(-1) ?? '' }
}

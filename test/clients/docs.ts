import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clients } from './clients.ts'
import { type AllSeen, toTables } from './table.ts'

const seenFile = join(import.meta.dirname, 'seen.json')
const docsFile = join(import.meta.dirname, '..', '..', 'docs', 'clients.md')
const begin = '<!-- what the last run saw -->'
const end = '<!-- end of what the last run saw -->'

/** What the runs before saw; a run of some clients leaves what was seen of the others. */
export function readSeen(): AllSeen {
  return JSON.parse(readFileSync(seenFile, 'utf8'))
}

export function readDocs(): string {
  return readFileSync(docsFile, 'utf8')
}

/** Keeps what a run saw, and puts it into docs/clients.md. */
export function writeSeen(seen: AllSeen): void {
  const inOrder = clients.flatMap(({ id }) => (seen[id] === undefined ? [] : [[id, seen[id]]]))
  const all = Object.fromEntries(inOrder) as AllSeen
  writeFileSync(seenFile, `${JSON.stringify(all, null, 2)}\n`)
  writeFileSync(docsFile, withTables(readDocs(), all))
}

/** The text with these tables between its marks. */
export function withTables(text: string, seen: AllSeen): string {
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error('docs/clients.md has no marks.')
  return `${before}${begin}\n\n${toTables(clients, seen)}\n\n${end}${after}`
}

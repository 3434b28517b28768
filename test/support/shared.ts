import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'

const folder = process.env.POLLUX_SHARED ?? join(import.meta.dirname, '..', '..', '..', 'shared')

/** The folder with recordings and contracts, which is not part of the project. */
export const shared = existsSync(join(folder, 'recordings')) ? folder : undefined

/** The body of a suite that needs the shared folder; where it is absent, one skipped test. */
export function withShared(suite: () => void): () => void {
  if (shared !== undefined) return suite
  return () => {
    it('needs ../shared or POLLUX_SHARED', { skip: true })
  }
}

/** What a recorded interaction holds; requests and answers are kept as loosely as they came. */
export interface Recording {
  api: string
  op: string
  model: string | null
  request: { method: string; url: string; body?: unknown } | null
  response: { status: number; headers: Record<string, string>; body?: unknown; sse?: string }
}

/** A line of the recordings' index. */
export interface Entry {
  path: string
  group: string
  kind: string
  api: string
  op: string
  status: number
}

/** Every native Gemini interaction of one operation family, in the order of the index. */
export function recordedGemini(): Entry[] {
  if (shared === undefined) return []
  const lines = readFileSync(join(shared, 'recordings', 'INDEX.jsonl'), 'utf8').split('\n')
  return lines
    .filter((line) => line !== '')
    .map((line): Entry => JSON.parse(line))
    .filter(({ group, op }) => group === 'gemini' && /^(generate|streamGenerate)Content$/.test(op))
}

/** Of each kind so many are played, where all would take too long. */
const few = 3

/**
 * A few recordings of each kind, from its first to its last, or, with POLLUX_TEST_RECORDINGS=all, every
 * one: so the suite `recordings` plays them.
 */
export function someOfEach<T>(all: readonly T[], kindOf: (one: T) => string): T[] {
  if (process.env.POLLUX_TEST_RECORDINGS === 'all') return [...all]
  return [...Map.groupBy(all, kindOf).values()].flatMap((kind) =>
    kind.filter((_, at) => {
      const nth = (n: number) => Math.floor((n * few) / kind.length)
      return kind.length <= few || nth(at) !== nth(at - 1)
    }),
  )
}

/** One interaction; recordings/SOURCES.md describes its shape. */
export function readRecording(path: string): Recording {
  return JSON.parse(readShared('recordings', path))
}

/** The text of a file in the shared folder. */
export function readShared(...path: string[]): string {
  if (shared === undefined)
    throw new Error(`There is no shared folder to read ${path.join('/')} from.`)
  return readFileSync(join(shared, ...path), 'utf8')
}

/** For reading loosely: any object, where every field we ask for may be absent. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

import type { Source } from '../../src/upstream/source.ts'

/** Everything that comes, to the end. */
export async function allOf<T>(source: Source<T>): Promise<T[]> {
  const all: T[] = []
  for (let one = await source.next(); one !== undefined; one = await source.next()) all.push(one)
  return all
}

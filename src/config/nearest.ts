/** The question whether another of these names was meant; empty where none is near. */
export function meant(name: string, known: readonly string[]): string {
  const found = nearest(
    name,
    known.filter((one) => one !== name),
  )
  return found === undefined ? '' : ` Did you mean '${found}'?`
}

/** The one of these names that was most likely meant; undefined where none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  // What is compared costs the product of the lengths, and nobody means a name by one so long.
  if (name.length > 100) return undefined
  const plain = fold(name)
  const ranked = known
    .map((one) => ({ one, edits: distance(plain, fold(one)) }))
    .filter(
      ({ one, edits }) => edits <= Math.max(1, Math.floor(Math.min(name.length, one.length) / 3)),
    )
    .toSorted((a, b) => a.edits - b.edits)
  return ranked[0]?.one
}

/** camelCase, dashes and capitals are habits, not mistakes. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '')
}

/** How many letters must be put in, left out, exchanged or swapped with the next. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (before[j - 2] ?? 0) + 1 : Infinity,
        ),
      )
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}

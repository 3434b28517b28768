/** Whether `*` in a name stands for anything. */
export function isPattern(name: string): boolean {
  return name.includes('*')
}

/** How many characters a pattern has beside its `*`: the more, the more it says. */
export function lettersOf(pattern: string): number {
  return pattern.replaceAll('*', '').length
}

/** Whether a pattern means this name, as a whole; each `*` stands for any characters, or none. */
export function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return pattern === name
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  // What comes between is looked for from the left: no pattern takes longer than its length times the name's.
  let at = first.length
  for (const piece of rest) {
    const found = name.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return at <= name.length - last.length
}

/** What a local reference (`#/$defs/City`) points at, undefined if nothing is there. */
export function lookUp(ref: string, root: unknown): unknown {
  if (!ref.startsWith('#')) return undefined
  let found = root
  for (const step of ref.slice(1).split('/').slice(1)) found = childOf(found, unescaped(step))
  return found
}

function childOf(node: unknown, key: string): unknown {
  if (typeof node !== 'object' || node === null) return undefined
  return Object.entries(node).find(([name]) => name === key)?.[1]
}

function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

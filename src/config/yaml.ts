import { isNode, LineCounter, parseDocument, type Document } from 'yaml'

/** What a YAML file says. */
export interface Yaml {
  value: unknown
  /** Why it is no YAML, or not one that is meant. */
  mistakes: { line: number | undefined; message: string }[]
  /** The line of what is at this path, or of the nearest that is around it. */
  lineOf(path: readonly PropertyKey[]): number | undefined
}

/** Anchors may repeat things, but not so that a few lines become a billion. */
const mostAliases = 100

/** Reads YAML 1.2, with `<<`. Never throws, and never repeats what is written: it may be a secret. */
export function readYaml(text: string): Yaml {
  const lines = new LineCounter()
  // Its own pretty messages show the lines themselves.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const mistakes = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    line: lines.linePos(pos[0]).line,
    message: sentences[code] ?? `This is not YAML (${message.replace(/:.*$/s, '')}).`,
  }))
  const { value, mistake } = toValue(document)
  return {
    value,
    mistakes:
      mistake === undefined || mistakes.length > 0
        ? mistakes
        : [{ line: undefined, message: mistake }],
    lineOf(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const range = rangeOf(document, path.slice(0, length))
        if (range !== undefined) return lines.linePos(range[0]).line
      }
      return undefined
    },
  }
}

const sentences: Record<string, string> = {
  DUPLICATE_KEY: 'This name is there twice. Keep one of them.',
  BAD_ALIAS: 'Put a name that begins with * or ends in : between quotes.',
  TAG_RESOLVE_FAILED: 'Tags such as !name mean nothing here.',
  TAB_AS_INDENT: 'Indent with spaces, not with tabs.',
  MULTIPLE_DOCS: 'There is a second document after ---. Keep one.',
}

function toValue(document: Document): { value?: unknown; mistake?: string } {
  try {
    return { value: document.toJS({ maxAliasCount: mostAliases }) }
  } catch (error) {
    const excessive = error instanceof Error && error.message.startsWith('Excessive')
    return {
      mistake: excessive
        ? `More than ${mostAliases} repetitions by aliases. Write them out.`
        : 'An alias (*name) has no anchor (&name). Put a name that begins with * between quotes.',
    }
  }
}

function rangeOf(
  document: Document,
  path: readonly PropertyKey[],
): [number, ...number[]] | undefined {
  const node = document.getIn(path, true)
  return isNode(node) ? (node.range ?? undefined) : undefined
}

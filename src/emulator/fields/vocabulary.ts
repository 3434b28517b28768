/**
 * The messages of one API. A field's kind is written like its proto type: `string`, `[Part]`
 * (repeated), `{string}` (map), `Content` (message), a name out of `enums`, `duration`, `timestamp`,
 * `struct` (any JSON object) or `value` (any JSON at all).
 */
export interface Vocabulary {
  /** Prefix of type names in Google's error texts. */
  package: string
  messages: Record<string, Record<string, string>>
  enums: Record<string, string[]>
  /** Fields of a message of which one at most may be set. */
  oneofs: Record<string, Record<string, string[]>>
}

/** A field as its message declares it. */
export interface Field {
  name: string
  protoName: string
  kind: string
}

/** The field a JSON key means; proto JSON takes the camelCase and the proto name alike. */
export function fieldNamed(
  vocabulary: Vocabulary,
  message: string,
  key: string,
): Field | undefined {
  const fields = vocabulary.messages[message] ?? {}
  const name = Object.hasOwn(fields, key)
    ? key
    : Object.keys(fields).find((candidate) => protoName(candidate) === key)
  const kind = name === undefined ? undefined : fields[name]
  return name === undefined || kind === undefined
    ? undefined
    : { name, protoName: protoName(name), kind }
}

/** `thinkingConfig` -> `thinking_config`. */
export function protoName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `thinking_config` -> `thinkingConfig`. */
export function camelCase(protoName: string): string {
  return protoName.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

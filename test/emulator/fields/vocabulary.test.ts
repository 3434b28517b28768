import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { vocabularies } from '../../../src/emulator/contract.ts'
import type { Vocabulary } from '../../../src/emulator/fields/vocabulary.ts'
import { contractNames, readContract } from '../shared.ts'

interface Contract {
  $ref?: string
  $defs?: Record<string, Node>
}

interface Node {
  $ref?: string
  type?: string | string[]
  enum?: string[]
  items?: Node
  properties?: Record<string, Node>
  additionalProperties?: Node | boolean
}

describe('the field tables', () => {
  for (const backend of ['gemini-api', 'vertex'] as const) {
    const contract: Contract | undefined = readContract(
      `${contractNames[backend]}.GenerateContentRequest`,
    )
    const skip = contract ? false : 'no contracts here'

    it(`are the contract of ${backend}, no field more and none less`, { skip }, () => {
      const { $ref = '', $defs = {} } = contract ?? {}
      const expected = flattened($defs[nameIn($ref)] ?? {}, $defs)
      assert.deepEqual(own(vocabularies[backend]), expected)
    })
  }

  it('has every message and every enum it speaks of', () => {
    for (const { messages, enums } of Object.values(vocabularies)) {
      const kinds = Object.values(messages).flatMap((fields) => Object.values(fields))
      const unknown = kinds
        .map((kind) => kind.replace(/[[\]{}]/g, ''))
        .filter((kind) => !(kind in messages || kind in enums || scalars.includes(kind)))
      assert.deepEqual(unknown, [])
    }
  })
})

const scalars = 'string bytes bool int32 int64 float double duration timestamp struct value'.split(
  ' ',
)

// Both sides become a list of paths and kinds, down to where a message comes again.
function own(vocabulary: Vocabulary): string[] {
  return ownPaths(vocabulary, 'GenerateContentRequest', '', []).toSorted()
}

function ownPaths(vocabulary: Vocabulary, message: string, at: string, seen: string[]): string[] {
  return Object.entries(vocabulary.messages[message] ?? {}).flatMap(([name, kind]) => {
    const path = `${at}.${name}`
    const inner = kind.replace(/[[\]{}]/g, '')
    const around = kind.replace(inner, '')
    const values = vocabulary.enums[inner]
    if (values) return [`${path}${around}: ${values.toSorted().join('|')}`]
    if (!(inner in vocabulary.messages)) return [`${path}${around}: ${contractKinds[inner]}`]
    if (seen.includes(inner)) return [`${path}${around}: again`]
    return [`${path}${around}`, ...ownPaths(vocabulary, inner, path, [...seen, inner])]
  })
}

const contractKinds: Record<string, string> = {
  string: 'string',
  bytes: 'string',
  bool: 'boolean',
  int32: 'integer',
  int64: 'integer/number/string',
  float: 'number/string',
  double: 'number/string',
  duration: 'string',
  timestamp: 'string',
  struct: 'struct',
  value: 'any',
}

function flattened(node: Node, defs: Record<string, Node>): string[] {
  return contractPaths(node, defs, '', []).toSorted()
}

function contractPaths(
  node: Node,
  defs: Record<string, Node>,
  at: string,
  seen: string[],
): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, property]) => {
    const path = `${at}.${name}`
    const { inner, around } = unwrapped(property)
    const target = inner.$ref ? defs[nameIn(inner.$ref)] : undefined
    const values = (target ?? inner).enum
    if (values) return [`${path}${around}: ${values.toSorted().join('|')}`]
    if (!target) return [`${path}${around}: ${kindOf(inner)}`]
    const ref = nameIn(inner.$ref ?? '')
    if (seen.includes(ref)) return [`${path}${around}: again`]
    return [`${path}${around}`, ...contractPaths(target, defs, path, [...seen, ref])]
  })
}

function unwrapped(node: Node): { inner: Node; around: string } {
  if (node.items) return { inner: node.items, around: '[]' }
  const entry = node.additionalProperties
  const isMap = typeof entry === 'object' && Object.keys(entry).length > 0
  return isMap ? { inner: entry, around: '{}' } : { inner: node, around: '' }
}

function kindOf({ type, additionalProperties }: Node): string {
  if (typeof additionalProperties === 'object') return 'struct'
  return [type ?? 'any'].flat().toSorted().join('/')
}

function nameIn(ref: string): string {
  return ref.split('/').at(-1) ?? ''
}

/** Schemas of a few kB to a few hundred that would keep a careless translation busy for ever. */
export const bombs: Record<string, object> = {
  'nested a thousand times': nested(1000, (inner) => ({ properties: { a: inner } })),
  'a thousand arrays deep': nested(1000, (inner) => ({ type: 'array', items: inner })),
  'a thousand unions deep': nested(1000, (inner) => ({ anyOf: [inner] })),
  'a thousand merges deep': nested(1000, (inner) => ({ allOf: [inner] })),
  'fifty thousand properties wide': { type: 'object', properties: many(50_000, () => ({})) },
  'fifty thousand branches wide': { anyOf: Array.from({ length: 50_000 }, () => ({})) },
  'fifty thousand required names': {
    type: 'object',
    properties: { a: {} },
    required: Array.from({ length: 50_000 }, (_, n) => `x${n}`),
  },
  'thirty definitions, each twice in the next': doubling((ref) => ref),
  'thirty definitions, each twice in the next, described': doubling((ref) => ({
    ...ref,
    description: 'x',
  })),
  'thirty definitions, each merged twice into the next': doubling((ref) => ({
    allOf: [ref, ref],
  })),
  'twelve definitions that all refer to all': entangled((ref) => ref),
  'twelve definitions that all refer to all, described': entangled((ref) => ({
    ...ref,
    description: 'x',
  })),
  'six thousand definitions, each requiring the one before': chained(6000),
  'four thousand definitions, of which the last leads to all': chained(4000, 1),
  'two hundred definitions, of which the last leads to all': chained(200, 1),
  'nine thousand members of one': {
    type: 'object',
    allOf: Array.from({ length: 9000 }, (_, n) => ({
      properties: { [`k${n}`]: {} },
      required: [`k${n}`],
    })),
  },
  'nine thousand members that say the same': {
    type: 'object',
    allOf: Array.from({ length: 9000 }, () => ({ properties: { a: { enum: ['x'] } } })),
  },
  'unions of all of unions': {
    allOf: Array.from({ length: 2000 }, () => ({ anyOf: [{ title: 'a' }, { title: 'b' }] })),
  },
  'a wide union beside many properties': {
    type: 'object',
    properties: many(3000, () => ({ type: 'string' })),
    anyOf: Array.from({ length: 3000 }, (_, n) => ({ required: [`p${n}`] })),
  },
  'a long text that is referred to a thousand times': {
    type: 'object',
    properties: many(1000, (n) => ({ $ref: '#/$defs/A', title: `t${n}`, minLength: n })),
    $defs: { A: { type: 'string', description: 'x'.repeat(100_000) } },
  },
  'a long enum that is referred to a thousand times': {
    type: 'object',
    properties: many(1000, (n) => ({ $ref: '#/$defs/A', description: `d${n}` })),
    $defs: { A: { enum: Array.from({ length: 10_000 }, (_, n) => `word ${n}`) } },
  },
  'a thousand anchors': {
    type: 'object',
    properties: many(1000, (n) => ({ $ref: `#a${n}` })),
    $defs: many(1000, (n) => ({ $anchor: `a${n}`, type: 'string' })),
  },
  'merges that make ever new merges': {
    type: 'object',
    properties: { a: { allOf: [{ $ref: '#/$defs/p0' }, { $ref: '#/$defs/p1' }] } },
    $defs: many(12, (n) => ({
      properties: {
        x: { $ref: `#/$defs/p${(n + 1) % 12}` },
        y: { $ref: `#/$defs/p${(n * 5 + 3) % 12}` },
        z: { allOf: [{ $ref: `#/$defs/p${(n * 7) % 12}` }, { $ref: `#/$defs/p${(n + 5) % 12}` }] },
      },
    })),
  },
  'ten thousand properties that require the whole': {
    type: 'object',
    properties: { a: { $ref: '#/$defs/A' } },
    $defs: {
      A: {
        type: 'object',
        properties: many(10_000, () => ({ $ref: '#/$defs/A' })),
        required: Object.keys(many(10_000, () => ({}))),
      },
    },
  },
  'references in a circle': {
    type: 'object',
    properties: { a: { $ref: '#/$defs/A', description: 'x' } },
    $defs: { A: { $ref: '#/$defs/B' }, B: { $ref: '#/$defs/A' } },
  },
  'merges in a circle': {
    type: 'object',
    properties: { a: { allOf: [{ $ref: '#/$defs/A' }] } },
    $defs: {
      A: { allOf: [{ $ref: '#/$defs/B' }, { $ref: '#' }] },
      B: { allOf: [{ $ref: '#/$defs/A' }, { $ref: '#/$defs/B' }] },
    },
  },
  'a reference to itself': { $ref: '#' },
}

function nested(levels: number, around: (inner: object) => object): object {
  return Array.from({ length: levels }).reduce<object>(around, { type: 'string' })
}

function many<T>(count: number, one: (n: number) => T): Record<string, T> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, one(n)]))
}

function doubling(refer: (ref: { $ref: string }) => object): object {
  const $defs = many(30, (n) => {
    const before = n === 0 ? { type: 'string' } : refer({ $ref: `#/$defs/p${n - 1}` })
    return { type: 'object', properties: { a: before, b: before } }
  })
  return { type: 'object', properties: { a: { $ref: '#/$defs/p29' } }, $defs }
}

function entangled(refer: (ref: { $ref: string }) => object): object {
  const $defs = many(12, () => ({
    type: 'object',
    properties: many(12, (n) => refer({ $ref: `#/$defs/p${n}` })),
  }))
  return { type: 'object', properties: { a: { $ref: '#/$defs/p0' } }, $defs }
}

/** Each leads to the one before; the schema itself leads to all, in order, or to the last few. */
function chained(count: number, led = count): object {
  const $defs = many(count, (n) => ({
    type: 'object',
    properties: { a: n === 0 ? { type: 'string' } : { $ref: `#/$defs/p${n - 1}` } },
    required: ['a'],
  }))
  const properties = many(led, (n) => ({ $ref: `#/$defs/p${count - led + n}` }))
  return { type: 'object', properties, $defs }
}

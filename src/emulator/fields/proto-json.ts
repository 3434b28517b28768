import { badRequest, type FieldViolation } from '../errors.ts'
import { camelCase, type Field, fieldNamed, type Vocabulary } from './vocabulary.ts'

/** JSON as it is read: keys in camelCase, nothing null. */
export type JsonObject = Record<string, unknown>

/** Reads a message from JSON as Google's front end does, refusing all its offences at once. */
export function readMessage(vocabulary: Vocabulary, message: string, json: unknown): JsonObject {
  const reader = new ProtoReader(vocabulary)
  const value = reader.message(message, json, '')
  if (reader.violations.length > 0) throw badRequest(reader.violations)
  return value
}

const typeNames: Record<string, string> = {
  string: 'TYPE_STRING',
  bytes: 'TYPE_BYTES',
  bool: 'TYPE_BOOL',
  int32: 'TYPE_INT32',
  int64: 'TYPE_INT64',
  float: 'TYPE_FLOAT',
  double: 'TYPE_DOUBLE',
}

/** A message that is written as a text in JSON. */
interface Time {
  message: string
  form: RegExp
  problem: string
}

const times: Record<string, Time> = {
  duration: {
    message: 'Duration',
    form: /^-?\d{1,12}(\.\d{1,9})?s$/,
    problem: "Illegal duration format; duration must end with 's'",
  },
  timestamp: {
    message: 'Timestamp',
    form: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/,
    problem:
      "Illegal timestamp format; timestamps must end with 'Z' or have a valid timezone offset.",
  },
}

class ProtoReader {
  // Google answers with every offence of a body, so they outlive the field they were met in.
  readonly violations: FieldViolation[] = []
  #vocabulary: Vocabulary

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
  }

  message(message: string, json: unknown, at: string): JsonObject {
    if (!isObject(json)) {
      if (at === '') this.#unknownName('', '', 'Root element must be a message.')
      else this.#invalidValue(at, this.#typeUrl(message), json)
      return {}
    }
    const fields = Object.entries(json).flatMap(([key, value]) => {
      const field = fieldNamed(this.#vocabulary, message, key)
      if (!field) this.#unknownName(key, at, 'Cannot find field.')
      // proto JSON reads null as absent, but the name has to exist all the same.
      return field && value !== null ? [{ key, value, field }] : []
    })
    const names = fields.map(({ field }) => field.name)
    this.#checkOneofs(message, names, at)
    return Object.fromEntries(
      fields.map(({ key, value, field }) => [field.name, this.#field(field, key, value, at)]),
    )
  }

  #field({ kind, protoName: name }: Field, key: string, value: unknown, parent: string): unknown {
    const at = parent === '' ? name : `${parent}.${name}`
    if (kind.startsWith('[')) {
      // A single value passes for a list of one.
      const list = Array.isArray(value) ? value : [value]
      const item = kind.slice(1, -1)
      return list.map((element, i) => this.#single(item, element, `${at}[${i}]`, at))
    }
    if (kind !== 'value' && Array.isArray(value)) {
      this.#unknownName(key, parent, 'Proto field is not repeating, cannot start list.')
      return undefined
    }
    if (kind.startsWith('{')) return this.#map(kind.slice(1, -1), value, at)
    return this.#single(kind, value, at, parent)
  }

  #map(kind: string, value: unknown, at: string): unknown {
    if (!isObject(value)) return this.#invalidValue(at, 'Map', value)
    return Object.fromEntries(
      Object.entries(value).map(([key, entry], i) => [
        key,
        this.#single(kind, entry, `${at}[${i}].value`, at),
      ]),
    )
  }

  #single(kind: string, value: unknown, at: string, parent: string): unknown {
    if (kind === 'value') return value
    if (kind === 'struct') return isObject(value) ? value : this.#invalidStruct(at, value)
    const time = times[kind]
    if (time) return this.#time(time, value, at)
    const names = this.#vocabulary.enums[kind]
    if (!names && !(kind in typeNames)) return this.message(kind, value, at)
    if (isObject(value)) {
      const name = at.slice(at.lastIndexOf('.') + 1)
      return this.#violate(
        parent,
        `Invalid value at '${parent}' (${name}), Starting an object on a scalar field`,
      )
    }
    return names ? this.#enum(kind, names, value, at) : this.#scalar(kind, value, at)
  }

  // Enum names are matched without regard to case: "low" has always passed for LOW.
  #enum(kind: string, names: string[], value: unknown, at: string): unknown {
    const wanted = typeof value === 'string' ? value.toLowerCase() : undefined
    return (
      names.find((name) => name.toLowerCase() === wanted) ??
      this.#invalidValue(at, this.#typeUrl(kind), value)
    )
  }

  #time({ message, form, problem }: Time, value: unknown, at: string): unknown {
    if (typeof value === 'string' && form.test(value)) return value
    const name = camelCase(at.slice(at.lastIndexOf('.') + 1))
    return this.#violate(
      at,
      `Invalid value at '${at}' (type.googleapis.com/google.protobuf.${message}), Field '${name}', ${problem}`,
    )
  }

  #scalar(kind: string, value: unknown, at: string): unknown {
    const read = scalar(kind, value)
    if (read !== undefined) return read
    const shown = JSON.stringify(value)
    const problem = kind === 'bytes' ? `Base64 decoding failed for ${shown}` : shown
    return this.#violate(at, `Invalid value at '${at}' (${typeNames[kind]}), ${problem}`)
  }

  #checkOneofs(message: string, names: string[], at: string): void {
    for (const [oneof, members] of Object.entries(this.#vocabulary.oneofs[message] ?? {})) {
      const [first, second] = names.filter((name) => members.includes(name))
      if (first === undefined || second === undefined) continue
      const problem = `oneof field '${oneof}' is already set. Cannot set '${second}'`
      this.#violate(at, `Invalid value at '${at}' (oneof), ${problem}`)
    }
  }

  #unknownName(key: string, at: string, reason: string): void {
    const where = at === '' ? '' : ` at '${at}'`
    this.#violate(at, `Invalid JSON payload received. Unknown name "${key}"${where}: ${reason}`)
  }

  #invalidStruct(at: string, value: unknown): undefined {
    return this.#invalidValue(at, 'type.googleapis.com/google.protobuf.Struct', value)
  }

  #invalidValue(at: string, type: string, value: unknown): undefined {
    return this.#violate(at, `Invalid value at '${at}' (${type}), ${JSON.stringify(value)}`)
  }

  #violate(field: string, description: string): undefined {
    this.violations.push(field === '' ? { description } : { field, description })
  }

  #typeUrl(name: string): string {
    return `type.googleapis.com/${this.#vocabulary.package}.${name}`
  }
}

/** A scalar as proto JSON reads it, undefined if it cannot. */
function scalar(kind: string, value: unknown): string | number | boolean | undefined {
  switch (kind) {
    case 'string':
      return typeof value === 'string' ? value : undefined
    case 'bytes':
      return typeof value === 'string' && isBase64(value) ? value : undefined
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    case 'int32':
      return readNumber(value, (number) => Number.isInteger(number) && fitsIn(32, number))
    case 'int64':
      return readNumber(value, (number) => Number.isInteger(number) && fitsIn(64, number))
    case 'float':
      return readNumber(value, (number) => Number.isFinite(Math.fround(number)))
    default:
      return readNumber(value, Number.isFinite)
  }
}

// Numbers may come as strings: JSON writers use them for 64 bits.
function readNumber(value: unknown, fits: (number: number) => boolean): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && fits(number) ? number : undefined
}

function fitsIn(bits: number, number: number): boolean {
  return number >= -(2 ** (bits - 1)) && number < 2 ** (bits - 1)
}

// Both alphabets, with or without padding.
function isBase64(value: string): boolean {
  const bare = value.replace(/={1,2}$/, '')
  return /^[\w+/-]*$/.test(bare) && bare.length % 4 !== 1
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

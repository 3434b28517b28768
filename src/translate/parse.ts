import { z } from 'zod'
import { type ApiError, invalidRequest } from '../errors.ts'

/** A field that may be left out. OpenAI's clients also send `null` for "not set"; both become absent. */
export function optional<T extends z.ZodType>(schema: T) {
  const absent = schema.nullish().transform((value) => value ?? undefined)
  // Most fields of a request are absent, and running three schemas for each of them took most of the
  // time of reading it. `_zod` is what zod has for its extensions.
  absent._zod.run = (payload, context) => {
    if (payload.value === undefined) return payload
    if (payload.value !== null) return schema._zod.run(payload, context)
    payload.value = undefined
    return payload
  }
  return absent
}

/**
 * A list of so many at the most. Its length is looked at before its members: a body of a few hundred
 * kB may hold so many that reading them all, to say what is wrong with each, takes seconds.
 */
export function list<T extends z.ZodType>(member: T, most: number) {
  const short = (value: unknown) => !Array.isArray(value) || value.length <= most
  return z
    .custom<unknown>(short, { error: `At most ${most} are possible here.`, abort: true })
    .pipe(z.array(member, 'Expected an array.'))
}

/** The value as the schema reads it, or a 400 that names the first field at fault. */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw toApiError(result.error)
}

function toApiError(error: z.ZodError): ApiError {
  const { path, message } = deepest(error.issues, [])
  const param = toPath(path)
  return invalidRequest(param === '' ? message : `${message} (at ${param})`, param || undefined)
}

interface Fault {
  path: PropertyKey[]
  message: string
}

/** Of a union's branches, the one that got furthest is the one the client meant. */
function deepest(issues: z.core.$ZodIssue[], base: PropertyKey[]): Fault {
  const faults = issues.map((issue): Fault => {
    const path = [...base, ...issue.path]
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) {
      return { path, message: toSentence(issue) }
    }
    const branches = issue.errors.map((errors) => deepest(errors, path))
    const best = branches.reduce((a, b) => (b.path.length > a.path.length ? b : a))
    return best.path.length > path.length ? best : { path, message: toSentence(issue) }
  })
  return faults[0] ?? { path: base, message: 'Invalid value.' }
}

function toSentence(issue: z.core.$ZodIssue): string {
  const message = toBound(issue) ?? issue.message
  return /[.!?]$/.test(message) ? message : `${message}.`
}

/** A bound of a number, in place of zod's words for it. */
function toBound(issue: z.core.$ZodIssue): string | undefined {
  if (!/^Too (big|small): expected (number|int)/.test(issue.message)) return undefined
  if (issue.code === 'too_big') {
    return `Expected a value ${issue.inclusive === false ? 'below' : 'of at most'} ${issue.maximum}`
  }
  if (issue.code !== 'too_small') return undefined
  return `Expected a value ${issue.inclusive === false ? 'above' : 'of at least'} ${issue.minimum}`
}

/** `['messages', 1, 'content']` -> `messages[1].content`, as OpenAI writes `param`. */
export function toPath(path: PropertyKey[]): string {
  return path.reduce<string>((written, key) => {
    if (typeof key === 'number') return `${written}[${key}]`
    return written === '' ? String(key) : `${written}.${String(key)}`
  }, '')
}

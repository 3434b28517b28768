import { GoogleError } from '../errors.ts'
import type { Fault, Place } from './fault.ts'

const written = /^([a-z0-9-]+)(?:@(\d{1,9})(?:\+(\d{1,9}))?)?(?:=(.*))?$/s

/** One word of a fault as it was given, taken apart: `name@AFTER+INTO=VALUE`. */
export class Argument {
  readonly name: string
  #given: string
  #after: string | undefined
  #into: string | undefined
  #value: string | undefined

  constructor(given: string) {
    const [, name = '', after, into, value] = written.exec(given) ?? []
    this.name = name
    this.#given = given
    this.#after = after
    this.#into = into
    this.#value = value
  }

  /** A place `@K`, which `bytes` may refine (`+BYTES`) and a `value` may follow. */
  place(and?: 'bytes' | 'value'): Place {
    if (this.#after === undefined) throw this.error('it needs the number of events, as in @3')
    if (and !== 'bytes' && this.#into !== undefined) throw this.error('it takes no +BYTES')
    if (and !== 'value' && this.#value !== undefined) throw this.error('it takes no =VALUE')
    return { after: Number(this.#after), into: Number(this.#into ?? 0) }
  }

  /** A number `=N` within a range, whole unless fractions are welcome. */
  number(least: number, most: number, fractions?: 'fractions'): number {
    const value = Number(this.word())
    const fits = fractions ? Number.isFinite(value) : Number.isInteger(value)
    if (fits && value >= least && value <= most) return value
    const kind = fractions ? 'a number' : 'a whole number'
    throw this.error(`it needs ${kind} from ${least} to ${most}`)
  }

  /** A text `=WORD`. */
  word(): string {
    if (this.#value === undefined || this.#value === '') throw this.error('it needs =VALUE')
    return this.#value
  }

  /** One of a few words. */
  oneOf<Word extends string>(...words: Word[]): Word {
    const found = words.find((word) => word === this.word())
    if (found === undefined) throw this.error(`it needs one of ${words.join(', ')}`)
    return found
  }

  /** What a word means that stands alone. */
  none(fault: Fault): Fault {
    if (this.#after ?? this.#value) throw this.error('it stands alone')
    return fault
  }

  /** The refusal to understand, which names the word. */
  error(problem: string): GoogleError {
    return unreadable(this.#given, problem)
  }
}

/** The emulator's own 400, for those who ask for a fault it does not know. */
export function unreadable(given: string, problem: string): GoogleError {
  return new GoogleError(400, `The emulator cannot read the fault "${given}": ${problem}.`)
}

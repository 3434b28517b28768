import { hash } from 'node:crypto'
import { matches } from './pattern.ts'

/** A key that clients may use. */
export interface KeyConfig {
  /** For logs, metrics and limits: never the key. */
  name: string
  /** SHA-256 of the key, in hex. */
  sha256: string
  /** Patterns of the models it may ask for (`*` stands for anything); undefined for all. */
  models: readonly string[] | undefined
  /** Undefined where it is not limited. */
  requestsPerMinute: number | undefined
  tokensPerMinute: number | undefined
  parallelRequests: number | undefined
  /** Milliseconds since 1970; undefined for ever. */
  expires: number | undefined
}

/** What is kept of a key: its SHA-256, in hex. */
export function digestOf(key: string): string {
  return hash('sha256', key, 'hex')
}

/** A key about which nothing is known but itself. */
export function plainKey(name: string, key: string): KeyConfig {
  return {
    name,
    sha256: digestOf(key),
    models: undefined,
    requestsPerMinute: undefined,
    tokensPerMinute: undefined,
    parallelRequests: undefined,
    expires: undefined,
  }
}

/** Whether a key may ask for a model that goes by any of these names. */
export function mayAsk({ models }: KeyConfig, names: readonly string[]): boolean {
  return (
    models === undefined || models.some((pattern) => names.some((name) => matches(pattern, name)))
  )
}

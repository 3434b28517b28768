import { createContext, runInContext } from 'node:vm'
import { ApiError } from '../../src/errors.ts'
import { toGemini } from '../../src/translate/chat/request.ts'
import type { Translation } from '../../src/translate/chat/request.ts'
import type { GenerateContentRequest, Provider } from '../../src/translate/gemini.ts'

export interface To {
  provider?: Provider
  model?: string
  remembered?: ReadonlyMap<string, string>
}

/** A request in Gemini's words and what goes with it; for Gemini 2.5 Flash on Vertex AI by default. */
export function translated(request: object, to: To = {}): Translation {
  const { provider = 'vertex', model = 'gemini-2.5-flash', remembered = new Map() } = to
  const body = { model, messages: [{ role: 'user', content: 'Hi' }], ...request }
  return toGemini(body, { provider, model, thoughts: 'reasoning_content', remembered })
}

/** The request as its JSON is read on the other side. */
export function sent(request: object, to?: To): GenerateContentRequest {
  return JSON.parse(JSON.stringify(translated(request, to).request))
}

/** What comes of it, or the 400 of ours; any other error flies on. */
export function orRefusal<T>(work: () => T): T | ApiError {
  try {
    return work()
  } catch (error) {
    if (error instanceof ApiError && error.status === 400) return error
    throw error
  }
}

/** Runs to its end or fails: code that would never return cannot be awaited. */
export function within<T>(milliseconds: number, work: () => T): T {
  return runInContext('work()', Object.assign(elsewhere, { work }), { timeout: milliseconds })
}

const elsewhere = createContext({})

/** The value, where any attempt to change it throws. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(frozen)
  }
  return value
}

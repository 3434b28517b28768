import { ApiError } from '../errors.ts'

export interface AccessToken {
  token: string
  /** Whom the calls are billed to, for the credentials of a person. */
  quotaProject: string | undefined
}

export interface TokenSource {
  /** At once where it is there. Rejects with 503 where no credential can be had. */
  get(): AccessToken | Promise<AccessToken>
  /** This token was refused: the next `get` gives another. */
  forget(token: string): void
  /** Whether there is one; asking sees to it that it is tried to get one. */
  available(): boolean
}

/** A token as it was issued. */
export interface IssuedToken extends AccessToken {
  /** Milliseconds since 1970. */
  endsAt: number
}

export interface KeptTokenSettings {
  /** Fetches a new token. May fail, and may never end. */
  fetch: () => Promise<IssuedToken>
  /** Told of each failure, also of those that no request felt. */
  onFailure: (failure: ApiError) => void
  /** Told of each token that came. */
  onSuccess?: () => void
  now?: () => number
  random?: () => number
}

/** So long before its end a token is renewed, while it is still used … */
const aheadMs = 300_000
/** … spread, so that instances which started together do not ask together. */
const spreadMs = 60_000
/** So long before its end it is not used any more. */
const marginMs = 30_000
/** A fetch that takes longer is taken for lost. */
const patienceMs = 5_000
/** The metadata server gives the same token until shortly before its end: not to ask again and again. */
const betweenRenewalsMs = 10_000

/**
 * Keeps one token. It is renewed ahead of time, behind the back of the requests, which use it as long
 * as it is valid, whether or not that succeeds; and however many wait, one flight fetches the next.
 */
export function keptToken(settings: KeptTokenSettings): TokenSource {
  const { fetch, onFailure, onSuccess, now = Date.now, random = Math.random } = settings
  let kept: (IssuedToken & { renewAt: number }) | undefined
  let flight: Promise<AccessToken> | undefined
  // What the last attempts came to, and when the next may be made.
  let failures = 0
  let failure: ApiError | undefined
  let nextAt = 0

  return {
    get() {
      if (!isUsable()) return renew()
      if (kept !== undefined && kept.renewAt <= now()) renew().catch(() => undefined)
      return kept ?? renew()
    },
    forget(token) {
      // Of many requests that are refused together, only the first finds it still here.
      if (kept?.token !== token) return
      kept = undefined
      nextAt = 0
    },
    available() {
      if (isUsable()) return true
      renew().catch(() => undefined)
      return false
    },
  }

  function isUsable(): boolean {
    return kept !== undefined && kept.endsAt - marginMs > now()
  }

  function renew(): Promise<AccessToken> {
    if (flight !== undefined) return flight
    if (nextAt > now()) {
      if (failure !== undefined && !isUsable()) return Promise.reject(failure)
      if (kept !== undefined && isUsable()) return Promise.resolve(kept)
    }
    flight = fly().finally(() => (flight = undefined))
    return flight
  }

  async function fly(): Promise<AccessToken> {
    try {
      // Kept even where it comes when nobody waits for it any more.
      return await inTime(fetch().then(keep))
    } catch (cause) {
      failures += 1
      failure = unavailable(cause)
      // Nobody feels it while there is a token; else everybody waits for the next attempt.
      const longest = isUsable() ? 5_000 : 1_000
      nextAt = now() + Math.min(longest, 100 * 2 ** failures) * (0.5 + random() / 2)
      onFailure(failure)
      throw failure
    }
  }

  function keep(issued: IssuedToken): AccessToken {
    kept = { ...issued, renewAt: issued.endsAt - aheadMs - random() * spreadMs }
    failures = 0
    failure = undefined
    nextAt = now() + betweenRenewalsMs
    onSuccess?.()
    return kept
  }
}

/** A token that is given once and for all, e.g. for the built-in emulator. */
export function fixedToken(token: string): TokenSource {
  return {
    get: () => ({ token, quotaProject: undefined }),
    forget: () => undefined,
    available: () => true,
  }
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const silent = new Error(`The credential’s source did not answer within ${patienceMs} ms.`)
  const timer = setTimeout(() => late.reject(silent), patienceMs)
  timer.unref()
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
    promise.catch(() => undefined)
  }
}

function unavailable(cause: unknown): ApiError {
  const message = 'The gateway has no Google credential at the moment. Try again shortly.'
  return new ApiError(503, 'service_unavailable_error', message, {
    code: 'credentials_unavailable',
    headers: { 'retry-after': '2' },
    cause,
  })
}

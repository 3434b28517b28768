/** What goes wrong with one answer; the words for it are in `words.ts`. */
export interface Fault {
  /** Milliseconds before the headers. */
  delay?: number
  /** Milliseconds between events. */
  pace?: number
  status?: number
  /** Seconds to wait, as a detail of the error. */
  retryInfo?: number
  /** Seconds to wait, as a header. */
  retryAfter?: number
  /** How many requests it befalls; those that come later are healthy. */
  times?: number
  /** Under which name they are counted. */
  key?: string
  reset?: Place
  fin?: Place
  stall?: Place
  malformed?: Place
  error?: Place & { status: number }
  huge?: Place & { bytes: number }
  /** How the body of an error looks. */
  form?: 'array' | 'html' | 'empty'
  empty?: boolean
  noCandidates?: boolean
  /** Bytes a write. */
  split?: number
  cut?: 'every-utf8' | 'crlf'
  gzip?: boolean
  wrongType?: boolean
  redirect?: boolean
  closeBeforeHeaders?: boolean
  resetBeforeHeaders?: boolean
  expiredToken?: boolean
}

/** A place in a stream: after so many events, and so many bytes of the next. */
export interface Place {
  after: number
  into: number
}

/** Nothing goes wrong. */
export const healthy: Fault = {}

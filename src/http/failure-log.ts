import type { ApiError } from '../errors.ts'

/** What the log gets of a failure. */
export interface LoggedFailure {
  status: number
  code: string | undefined
  /** Google's status word. */
  googleStatus: string | undefined
  /** The gateway's own error, where it was one. */
  error: { type: string; code: string | undefined; message: string; stack: string[] } | undefined
}

/**
 * Never the sentence that the client gets: ours quote the request, and so do Google's. What went
 * wrong in here, or on the way to Google, is told with its stack.
 */
export function toLogged(error: unknown, failure: ApiError): LoggedFailure {
  const { status, code, google } = failure
  const own = error === failure ? failure.cause : error
  return {
    status,
    code: toWord(code),
    googleStatus: toWord(google?.status),
    error: status >= 500 && own instanceof Error ? toOwn(own, code) : undefined,
  }
}

/** Endpoints may write anything where a code belongs. */
function toWord(said: string | null | undefined): string | undefined {
  return typeof said === 'string' && /^\w{1,64}$/.test(said) ? said : undefined
}

/** No other fields: those of a network library's error hold headers and bodies. */
function toOwn(error: Error, failure: string | null) {
  const { name, message, stack = '' } = error
  return {
    type: name,
    code: 'code' in error ? toWord(String(error.code)) : undefined,
    message: quotes(error, failure) ? '' : message,
    // The stack begins with the message, in as many lines as that has.
    stack: stack.split('\n').flatMap((line) => /^ +at (.*)/.exec(line)?.[1] ?? []),
  }
}

/** JSON.parse quotes what it could not read, whoever gives credentials what he was shown, a bug anything. */
function quotes(error: Error, failure: string | null): boolean {
  const quoting = ['credentials_unavailable', 'internal_error'].includes(failure ?? '')
  return quoting || error instanceof SyntaxError
}

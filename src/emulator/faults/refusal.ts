import { expired } from '../credentials.ts'
import { type GoogleError, standardError } from '../errors.ts'
import { contentTypes, type Framing } from '../framing.ts'
import { errorReply, type Reply } from '../reply.ts'
import type { Fault } from './fault.ts'
import { type Addressee, overloaded } from './overloaded.ts'

/** The answer a fault puts in place of any other, if it does. */
export function refusal(fault: Fault, framing: Framing, to: Addressee): Reply | undefined {
  if (fault.redirect) return bare(302, { location: '/redirected' })
  const error = errorOf(fault, framing, to)
  if (error) return comeAgain(formed(error, fault, framing), fault)
  return fault.empty ? bare(200, { 'content-type': contentTypes[framing] }) : undefined
}

function errorOf(fault: Fault, framing: Framing, to: Addressee): GoogleError | undefined {
  const { status, form, expiredToken, error } = fault
  if (expiredToken) return expired(to.backend)
  if (status !== undefined) return overloaded(status, fault, to)
  if (framing === 'whole' && error) return standardError(error.status)
  // The form of an error that comes among the events is theirs.
  return form && !error ? standardError(form === 'html' ? 502 : 503) : undefined
}

function comeAgain(reply: Reply, { retryAfter }: Fault): Reply {
  return retryAfter === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfter) } }
}

function formed(error: GoogleError, { form }: Fault, framing: Framing): Reply {
  switch (form) {
    case 'array':
      return { ...errorReply(error, 'array'), headers: errorReply(error, framing).headers }
    case 'html':
      return {
        ...bare(error.code, { 'content-type': 'text/html; charset=UTF-8' }),
        frames: [page(error.code)],
      }
    case 'empty':
      return bare(error.code, {})
    case undefined:
      return errorReply(error, framing)
  }
}

function bare(status: number, headers: Record<string, string>): Reply {
  return { status, headers, frames: [], pause: 0 }
}

function page(status: number): string {
  return `<!DOCTYPE html>\n<html lang=en>\n  <title>Error ${status} (Server Error)!!1</title>\n  <p><b>${status}.</b> <ins>That’s an error.</ins>\n  <p>The server encountered a temporary error and could not complete your request.\n`
}

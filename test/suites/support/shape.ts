import type { Reply } from './replies.ts'

/** What keeps a refusal from being OpenAI's: its body, its type and its id. Undefined where nothing does. */
export function misshapen({ status, headers, body }: Reply): string | undefined {
  if (status < 400) return undefined
  const type = headers.get('content-type') ?? ''
  if (!/^application\/json(;|$)/.test(type)) return `${status} with content-type '${type}'`
  if (!/^[!-~]{1,128}$/.test(headers.get('x-request-id') ?? '')) {
    return `${status} without x-request-id`
  }
  return isErrorBody(body) ? undefined : `${status} with ${body.slice(0, 200) || 'no body'}`
}

/** `{"error":{message,type,param,code}}`, with nothing beside it but Google's own words within. */
function isErrorBody(body: string): boolean {
  const error = errorIn(body)
  if (error === undefined) return false
  const { message, type, param, code, google: _, ...others } = error
  return (
    typeof message === 'string' &&
    message.length > 10 &&
    typeof type === 'string' &&
    (param === null || typeof param === 'string') &&
    (code === null || typeof code === 'string') &&
    Object.keys(others).length === 0
  )
}

function errorIn(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return undefined
    const { error } = parsed
    if (Object.keys(parsed).length !== 1 || typeof error !== 'object' || error === null) {
      return undefined
    }
    return { ...error }
  } catch {
    return undefined
  }
}

/** What came back from somewhere, or why nothing did. */
export type Heard =
  | { status: number; body: unknown; date: string | undefined }
  | { failure: Failure; detail: string }

/** What can be wrong on the way. */
export type Failure = 'name' | 'refused' | 'timeout' | 'certificate' | 'broken'

/** So long anybody is waited for, in milliseconds. */
const patienceMs = 10_000

/** Sends a small request and never throws. The body is JSON, or a short text. */
export async function ask(url: string, init: RequestInit = {}): Promise<Heard> {
  try {
    const signal = AbortSignal.timeout(patienceMs)
    const response = await fetch(url, { redirect: 'manual', ...init, signal })
    const text = (await response.text()).slice(0, 64 * 1024)
    const date = response.headers.get('date') ?? undefined
    return { status: response.status, body: toJson(text), date }
  } catch (error) {
    return toFailure(error)
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.slice(0, 200)
  }
}

/** Also for errors of sockets that are no requests. */
export function toFailure(error: unknown): { failure: Failure; detail: string } {
  const code = codeOf(error)
  const failure = failures.find(([pattern]) => pattern.test(code))?.[1] ?? 'broken'
  return { failure, detail: code }
}

const failures: [RegExp, Failure][] = [
  [/^(ENOTFOUND|EAI_AGAIN|ENODATA)$/, 'name'],
  [/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/, 'refused'],
  [/^(ETIMEDOUT|TimeoutError|AbortError|UND_ERR_CONNECT_TIMEOUT)$/, 'timeout'],
  [/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|SSL|TLS/, 'certificate'],
]

/** The network's word for it, from however deep; of several attempts, of the first. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? error.name : codeOf(error.cause)
}

/** What the failure means, and what to do, for a host by this name. */
export function explain(failure: Failure, detail: string, host: string): [string, string] {
  switch (failure) {
    case 'name':
      return [
        `There is no address by the name ${host} (${detail}).`,
        'Check its spelling, and whether this machine may ask a name server.',
      ]
    case 'refused':
      return [
        `${host} takes no connection (${detail}).`,
        'Check host and port, and whether a firewall or egress rule forbids the way there.',
      ]
    case 'timeout':
      return [
        `${host} did not answer within 10 s.`,
        'Check firewall, proxy and egress: a VPC without Private Google Access or NAT does not reach Google.',
      ]
    case 'certificate':
      return [
        `${host} shows a certificate that is not trusted (${detail}).`,
        'Is there a proxy that opens TLS? Give its authority in NODE_EXTRA_CA_CERTS.',
      ]
    case 'broken':
      return [
        `The connection to ${host} broke (${detail}).`,
        'Try again; a proxy on the way may be the cause.',
      ]
  }
}

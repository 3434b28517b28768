/** What is known of a command that did not end well, as `execFile` throws it. */
export interface Failed extends Error {
  code?: string | number | null
  /** Whether it was ended because it took too long. */
  killed?: boolean
  stderr?: string
}

/** How npm, pip and go tell that a registry does not answer, or not as it should. */
const unreachable = [
  /\bE(?:NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|HOSTUNREACH|NETUNREACH|403|429|5\d\d)\b/,
  /\bERR_SOCKET_TIMEOUT\b/,
  /\b(?:NewConnection|ConnectTimeout|ReadTimeout|Protocol|Proxy|SSL)Error\b/,
  /\bRead timed out\b/,
  /\bHTTP error (?:403|429|5\d\d)\b|\b(?:403|429|5\d\d) (?:Client|Server) Error\b/,
  /\bdial tcp\b|\bi\/o timeout\b|\bTLS handshake timeout\b/,
  /: (?:403 Forbidden|429 Too Many|5\d\d [A-Z])/,
]

/** How they tell that this machine's Python or Go will not do. */
const unfit = [
  /\bensurepip is not available\b/,
  /\brequire a different python version\b/,
  /\brequires go >= \S+ \(running go/,
]

/**
 * Why something cannot be had here and now: no such tool, no time, no registry. Undefined where the
 * mistake is in what was to be installed or built, a version that nobody has included.
 */
export function outageIn(error: Failed): string | undefined {
  if (error.code === 'ENOENT') return `this machine lacks a tool: ${error.message}`
  if (error.killed) return 'it took too long'
  const said = error.stderr ?? ''
  return [...unreachable, ...unfit].some((words) => words.test(said)) ? firstOf(error) : undefined
}

/** What npm, pip or go complained about first. */
export function firstOf({ stderr, message }: Failed): string {
  return (stderr || message).trim().split('\n').slice(0, 3).join(' ')
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { readText } from '../listen.ts'
import { idToken, isJwt } from './credentials.ts'
import { placeOf } from './places.ts'

/** What goes wrong with the calls that come next. */
export interface MetadataFaults {
  /** Never answers. */
  hang?: boolean
  /** Answers with that status instead. */
  status?: number
  /** Milliseconds before it answers. */
  delay?: number
  /** Befalls so many calls only, and then nothing more; without it, all of them. */
  times?: number
}

/** How the two stand-ins present themselves. */
export interface MetadataOptions {
  host?: string
  port?: number
  /** Seconds a token is valid; 3599 by default. */
  expiresIn?: number
  project?: string
  email?: string
  universe?: string
  faults?: MetadataFaults
}

const most = 1000

/** Answers for both servers, and remembers what it gave out. */
export class Desk {
  readonly calls = new Map<string, number>()
  readonly tokens: string[] = []
  #identity: { project: string; email: string; universe: string }
  // Both may change while the server runs: that is what tests of refreshing need.
  #faults: MetadataFaults
  #expiresIn: number
  // Tokens are told apart by their number.
  #issued = 0

  constructor(options: MetadataOptions) {
    const { project = 'emulator', email, universe = 'googleapis.com' } = options
    const { expiresIn = 3599, faults = {} } = options
    const account = email ?? `emulator@${project}.iam.gserviceaccount.com`
    this.#identity = { project, email: account, universe }
    this.#expiresIn = expiresIn
    this.#faults = faults
  }

  fail(faults: MetadataFaults): void {
    this.#faults = faults
  }

  expireIn(seconds: number): void {
    this.#expiresIn = seconds
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://metadata')
    const left = new AbortController()
    response.once('close', () => left.abort())
    const place = placeOf(pathname, request.method ?? 'GET')
    this.#count(place)
    try {
      if (await this.#fails(response, left.signal)) return
      if (place === 'oauth') return await this.#exchange(request, response)
      if (request.headers['metadata-flavor'] !== 'Google') return forbidden(response)
      const found = this.#found(place, searchParams)
      if (found === undefined) return write(response, 404, 'text/html', '<h1>404</h1>\n')
      if (typeof found === 'string') return write(response, 200, 'application/text', found)
      return write(response, 200, 'application/json', JSON.stringify(found))
    } catch (error) {
      // Whoever hung up needs no answer; anything else is a fault of the emulator.
      if (!left.signal.aborted && !request.destroyed) console.error(error)
      response.destroy()
    }
  }

  #found(place: string, query: URLSearchParams): string | object | undefined {
    const { project, email, universe } = this.#identity
    const scope = 'https://www.googleapis.com/auth/cloud-platform'
    switch (place) {
      case 'token':
        return this.#token()
      case 'email':
        return email
      case 'scopes':
        return `${scope}\n`
      case 'project-id':
        return project
      case 'numeric-project-id':
        return '123456789012'
      case 'universe-domain':
        return universe
      case 'identity':
        return idToken(query.get('audience') ?? '', email)
      case 'service-account':
        return query.get('recursive') === 'true'
          ? { aliases: ['default'], email, scopes: [scope] }
          : 'aliases\nemail\nidentity\nscopes\ntoken\n'
      case 'instance':
        return 'id\nservice-accounts/\nzone\n'
      case 'root':
        return 'computeMetadata/\n'
      default:
        return undefined
    }
  }

  #token(): { access_token: string; expires_in: number; token_type: string } {
    this.#issued += 1
    const access_token = `ya29.emulated-${this.#issued}`
    this.tokens.push(access_token)
    if (this.tokens.length > most) this.tokens.shift()
    return { access_token, expires_in: this.#expiresIn, token_type: 'Bearer' }
  }

  // RFC 7523 for service accounts, RFC 6749 for users who keep a refresh token.
  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams((await readText(request)) ?? '')
    const grant = form.get('grant_type')
    const isUser = grant === 'refresh_token' && form.get('refresh_token')
    const isAccount =
      grant === 'urn:ietf:params:oauth:grant-type:jwt-bearer' && isJwt(form.get('assertion') ?? '')
    if (isUser || isAccount) {
      return write(response, 200, 'application/json', JSON.stringify(this.#token()))
    }
    const error = { error: 'invalid_grant', error_description: 'Invalid JWT or refresh token.' }
    return write(response, 400, 'application/json', JSON.stringify(error))
  }

  /** Whether a fault has taken the call over. */
  async #fails(response: ServerResponse, left: AbortSignal): Promise<boolean> {
    const { hang, status, delay, times } = this.#faults
    if (times !== undefined) this.#faults = times > 1 ? { ...this.#faults, times: times - 1 } : {}
    // A hanging call ends with the client's patience, or after ten minutes.
    if (hang) await sleep(600_000, undefined, { signal: left })
    if (delay !== undefined) await sleep(delay, undefined, { signal: left })
    if (hang) response.destroy()
    if (status !== undefined) write(response, status, 'text/html', `<h1>${status}</h1>\n`)
    return hang === true || status !== undefined
  }

  #count(place: string): void {
    this.calls.set(place, (this.calls.get(place) ?? 0) + 1)
  }
}

// Browsers cannot set this header, which keeps web pages from reading tokens.
function forbidden(response: ServerResponse): void {
  write(response, 403, 'text/html', '<h1>Missing Metadata-Flavor:Google header</h1>\n')
}

function write(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'metadata-flavor': 'Google' })
  response.end(body)
}

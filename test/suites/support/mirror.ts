import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { TLSSocket } from 'node:tls'

/** A request as it reached the mirror. */
export interface Reflected {
  url: string
  headers: Record<string, string>
  body: string
}

/**
 * The worst of upstreams: it says back what it was told, credentials included, in each form that an
 * answer or a failure can have. It stands in for Gemini, for endpoints that speak OpenAI, and for the
 * server of tokens.
 */
export interface Mirror {
  url: string
  received: Reflected[]
  /** Tokens that it gave out. */
  tokens: string[]
  /** How it answers who asks for a token: gives one, or a form of failure. */
  tokenForm: Form
  close(): Promise<void>
  /** The server's own way to answer, for other doors to it. */
  serve: (request: IncomingMessage, response: ServerResponse) => void
}

/** What the mirror can do. A prompt asks for one as `[[refusal 503]]`. */
export const forms = [
  'answer',
  'call',
  'refusal',
  'plain',
  'page',
  'code',
  'late',
  'broken',
  'odd',
  'headers',
  'away',
  'empty',
  'reset',
  'gone',
  'silent',
  'stall',
] as const

export type Form = (typeof forms)[number]

/** Starts one on a free port. `newToken` makes each token that it gives. */
export async function startMirror(newToken: () => string): Promise<Mirror> {
  const server = createServer((request, response) => mirror.serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // It listens on TCP.
  const { port } = server.address() as AddressInfo
  const mirror: Mirror = {
    url: `http://127.0.0.1:${port}`,
    received: [],
    tokens: [],
    tokenForm: 'answer',
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
    serve(request, response) {
      void reflect(request).then(
        (asked) => {
          mirror.received.push(asked)
          if (/token/.test(asked.url)) answerToken(asked, response, mirror, newToken)
          else answer(asked, response, ...formIn(asked.body))
          return undefined
        },
        () => undefined, // It left in the middle of its request: nobody to answer.
      )
    },
  }
  return mirror
}

/** What the mirror answers to a prompt with this word: known in advance, and not in the prompt. */
export function reversed(word: string): string {
  return word.split('').toReversed().join('')
}

async function reflect(request: IncomingMessage): Promise<Reflected> {
  const { url = '', headers } = request
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value)])
  return { url, headers: Object.fromEntries(entries), body: await text(request) }
}

function formIn(body: string): [form: Form, status: number] {
  const [, form = 'answer', status = '400'] = /\[\[(\w+)(?: (\d+))?\]\]/.exec(body) ?? []
  // Anything else is a mistake in the suite, and shows as an answer that it did not expect.
  return [forms.find((one) => one === form) ?? 'answer', Number(status)]
}

/** Every credential that came, and the request. */
function echo({ url, headers, body }: Reflected): string {
  return `${keysIn(headers).join(' ')} was refused for ${url} with ${body.slice(0, 4_000)}`
}

function keysIn(headers: Record<string, string>): string[] {
  return ['authorization', 'x-goog-api-key', 'cookie'].flatMap((name) => headers[name] ?? [])
}

function answer(asked: Reflected, response: ServerResponse, form: Form, status: number): void {
  const speaksOpenAi = asked.url.endsWith('/chat/completions')
  const streamed = asked.url.includes('alt=sse') || /"stream":true/.test(asked.body)
  const said = reversed(/\[\[[^\]]*\]\] (\w+)/.exec(asked.body)?.[1] ?? 'nothing')
  const first = speaksOpenAi ? openAiChunk(said) : geminiResponse([{ text: said }])
  const mirrored = {
    ...leaks(asked),
    'content-type': streamed ? 'text/event-stream' : 'application/json',
  }
  const refuse = (code: number, body: string, type: string) =>
    response.writeHead(code, { ...leaks(asked), 'content-type': type }).end(body)
  switch (form) {
    case 'answer':
    case 'call':
    case 'headers': {
      const [key = ''] = keysIn(asked.headers)
      const more = form === 'headers' ? { 'x-gemini-service-tier': key } : {}
      const whole = speaksOpenAi
        ? openAiAnswer(said, form === 'call', streamed)
        : geminiResponse(form === 'call' ? [geminiCall(said)] : [{ text: said }], 'STOP')
      response.writeHead(200, { ...mirrored, ...more })
      response.end(
        streamed
          ? toEvent(whole) + (speaksOpenAi ? 'data: [DONE]\n\n' : '')
          : JSON.stringify(whole),
      )
      return
    }
    case 'refusal':
      refuse(status, JSON.stringify(refusal(asked, status, speaksOpenAi)), 'application/json')
      return
    case 'plain':
      refuse(status, echo(asked), 'text/plain')
      return
    case 'page':
      refuse(status, `<html><body>${echo(asked)}</body></html>`, 'text/html')
      return
    case 'code': {
      const [key = ''] = keysIn(asked.headers).map((one) => one.replace(/^Bearer /, ''))
      const error = { code: key, status: key, type: key, param: key, message: key }
      refuse(status, JSON.stringify({ error }), 'application/json')
      return
    }
    case 'late':
      response.writeHead(200, mirrored)
      response.end(
        streamed
          ? toEvent(first) + toEvent(refusal(asked, 503, speaksOpenAi))
          : JSON.stringify(refusal(asked, 503, speaksOpenAi)),
      )
      return
    case 'broken':
      response.writeHead(200, mirrored)
      response.end(
        streamed ? `${toEvent(first)}data: {"${echo(asked)}\r\n\r\n` : `{"${echo(asked)}`,
      )
      return
    case 'odd':
      response.writeHead(200, mirrored)
      response.end(
        streamed
          ? toEvent({ candidates: echo(asked) })
          : JSON.stringify({ candidates: echo(asked) }),
      )
      return
    case 'away':
      response.writeHead(302, {
        ...leaks(asked),
        location: `/elsewhere?key=${keysIn(asked.headers)[0]}`,
      })
      response.end()
      return
    case 'empty':
      response.writeHead(status, leaks(asked)).end()
      return
    case 'reset':
      response.writeHead(200, mirrored)
      response.write(streamed ? toEvent(first) : '{"candidates":[')
      setTimeout(() => reset(response), 20)
      return
    case 'gone':
      reset(response)
      return
    case 'silent':
      return
    case 'stall':
      response.writeHead(200, mirrored)
      response.write(streamed ? toEvent(first) : '{"candidates":[')
  }
}

function toEvent(value: object): string {
  return `data: ${JSON.stringify(value)}\r\n\r\n`
}

/** TLS has no RST of its own. */
function reset({ socket }: ServerResponse): void {
  if (socket instanceof TLSSocket) socket.destroy()
  else socket?.resetAndDestroy()
}

function answerToken(
  asked: Reflected,
  response: ServerResponse,
  mirror: Mirror,
  newToken: () => string,
): void {
  if (mirror.tokenForm === 'refusal') {
    // OAuth's shape: the library makes a sentence of it.
    const said = { error: 'invalid_grant', error_description: echo(asked), error_uri: echo(asked) }
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(said))
    return
  }
  if (mirror.tokenForm !== 'answer') return answer(asked, response, mirror.tokenForm, 400)
  const token = newToken()
  mirror.tokens.push(token)
  const given = {
    access_token: token,
    expires_in: 3600,
    token_type: 'Bearer',
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  }
  response.writeHead(200, { 'content-type': 'application/json', 'metadata-flavor': 'Google' })
  response.end(JSON.stringify(given))
}

/** Headers that no client should get. */
function leaks({ url, headers }: Reflected): Record<string, string> {
  const told = keysIn(headers).join(' ')
  return {
    server: told,
    'x-request-id': told,
    'set-cookie': `session=${told}`,
    'www-authenticate': `Bearer realm="${told}"`,
    'retry-after': told,
    'x-echo': told,
    // Google's library believes no metadata server without it.
    ...(url.startsWith('/computeMetadata/') && { 'metadata-flavor': 'Google' }),
  }
}

function refusal(asked: Reflected, status: number, speaksOpenAi: boolean): object {
  const message = echo(asked)
  if (speaksOpenAi) return { error: { message, type: 'invalid_request_error', code: status } }
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.DebugInfo', detail: message },
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'contents', description: message }],
    },
  ]
  return { error: { code: status, message, status: googleStatus[status] ?? 'UNKNOWN', details } }
}

const googleStatus: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
}

function geminiResponse(parts: object[], finishReason?: string): object {
  return {
    candidates: [
      { content: { role: 'model', parts }, index: 0, ...(finishReason && { finishReason }) },
    ],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: 'gemini-2.5-flash',
  }
}

function geminiCall(said: string): object {
  return {
    functionCall: { name: 'look_up', args: { what: said } },
    thoughtSignature: Buffer.from(said).toString('base64'),
  }
}

function openAiChunk(content: string): object {
  return { object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] }
}

function openAiAnswer(said: string, calls: boolean, streamed: boolean): object {
  const call = {
    index: 0,
    id: 'call_1',
    type: 'function',
    function: { name: 'look_up', arguments: said },
  }
  const message = calls ? { tool_calls: [call] } : { content: said }
  const choice = { index: 0, finish_reason: calls ? 'tool_calls' : 'stop' }
  return streamed
    ? { object: 'chat.completion.chunk', choices: [{ ...choice, delta: message }] }
    : {
        object: 'chat.completion',
        choices: [{ ...choice, message: { role: 'assistant', ...message } }],
      }
}

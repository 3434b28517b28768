import { randomBytes } from 'node:crypto'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { answerStreamed, answerWhole } from './answers.ts'
import type { Call } from './call.ts'
import { checkRequest, readRequest } from './contract.ts'
import { checkCredentials } from './credentials.ts'
import { GoogleError, standardError } from './errors.ts'
import type { Answer } from './response.ts'
import { modelInfo, modelList, modelOf, type Route, routeOf } from './routes.ts'
import type { Envelope } from './says/envelope.ts'
import { writeAnswer, writeError, writeJson } from './wire.ts'

/** A running emulator. */
export interface Emulator {
  /** Where it listens, for both backends: `http://127.0.0.1:1234`. */
  url: string
  /** Stops listening and hangs up on everybody. */
  close(): Promise<void>
}

/** Gemini's native wire, offline: the Developer API and Vertex AI at one address. */
export async function startEmulator(
  options: { host?: string; port?: number } = {},
): Promise<Emulator> {
  const { host = '127.0.0.1', port = 0 } = options
  const server = createServer((request, response) => {
    void serve(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  const chosen = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${chosen}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = URL.parse(request.url ?? '/', 'http://emulator')
  const route = url && routeOf(request.method ?? 'GET', url)
  if (!route) return writeNotFound(response, request.url ?? '/')
  try {
    await respond(route, request, response, url)
  } catch (error) {
    if (response.headersSent || response.destroyed) return void response.destroy()
    const framing = route.kind === 'generate' ? route.framing : 'whole'
    writeError(response, error instanceof GoogleError ? error : internal(error), framing)
  }
}

async function respond(
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  checkCredentials(request.headers, url, route.backend)
  switch (route.kind) {
    case 'models':
      return writeJson(response, 200, modelList())
    case 'model':
      return writeJson(response, 200, modelInfo(route))
    case 'generate': {
      const answer = answerTo(route, await readJson(request), request.headers)
      return writeAnswer(response, answer, route.framing)
    }
  }
}

// The JSON front end reads the body before anyone looks for the model.
function answerTo(
  route: Extract<Route, { kind: 'generate' }>,
  body: unknown,
  headers: IncomingHttpHeaders,
): Answer {
  const { backend, framing } = route
  const call: Call = { request: readRequest(body, backend), backend, model: modelOf(route) }
  checkRequest(call)
  const answer = framing === 'whole' ? answerWhole : answerStreamed
  return { ...answer(call, newEnvelope(headers)), headers: answerHeaders(call) }
}

// The Developer API tells the tier in a header, Vertex AI in usageMetadata.trafficType.
function answerHeaders({ request, backend }: Call): Record<string, string> {
  const { serviceTier = 'standard' } = request
  return backend === 'gemini-api' ? { 'x-gemini-service-tier': serviceTier } : {}
}

const tiers: Record<string, string> = { flex: 'ON_DEMAND_FLEX', priority: 'ON_DEMAND_PRIORITY' }

function newEnvelope(headers: IncomingHttpHeaders): Envelope {
  const dedicated = headers['x-vertex-ai-llm-request-type'] === 'dedicated'
  const tier = tiers[String(headers['x-vertex-ai-llm-shared-request-type'])] ?? 'ON_DEMAND'
  return {
    responseId: randomBytes(17).toString('base64url'),
    createTime: new Date().toISOString(),
    trafficType: dedicated ? 'PROVISIONED_THROUGHPUT' : tier,
    callId: () => randomBytes(6).toString('base64url').toLowerCase().replace(/[-_]/g, '0'),
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  // A body without a byte reads as a message without a field.
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new GoogleError(
      400,
      `Invalid JSON payload received. ${text.trimEnd().endsWith('}') ? 'Unexpected token.' : 'Unexpected end of string.'}\n${text.slice(0, 40)}\n^`,
    )
  }
}

function internal(error: unknown): GoogleError {
  // A fault of the emulator itself has to be found: it tells where it happened.
  console.error(error)
  return standardError(500)
}

function writeNotFound(response: ServerResponse, path: string): void {
  response.writeHead(404, { 'content-type': 'text/html; charset=UTF-8' })
  response.end(
    `<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>${path.replace(/[<&]/g, '')}</code> was not found on this server.\n`,
  )
}

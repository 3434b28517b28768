import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { invalidArgument } from './errors.ts'
import { exchange, type House } from './exchange.ts'
import { type Fault, healthy } from './faults/fault.ts'
import { FaultMemory } from './faults/memory.ts'
import { listen, longestBody, readText } from './listen.ts'
import { type EmulatorLog, RequestLog } from './log.ts'
import { errorReply, jsonReply, notFoundReply, type Reply } from './reply.ts'
import { parseScript } from './script/parse.ts'
import { readScript } from './script/read.ts'
import { send } from './wire.ts'

/** A running emulator. */
export interface Emulator {
  /** Where it listens, for both backends: `http://127.0.0.1:1234`. */
  url: string
  /** What it has been asked, and how each answer ended. */
  log: EmulatorLog
  /** Stops listening and hangs up on everybody. */
  close(): Promise<void>
}

/** Where to listen, and what to answer. */
export interface EmulatorOptions {
  /** 127.0.0.1 by default. */
  host?: string
  /** Any free port by default. */
  port?: number
  /** Answers of one's own: a list of `{ when, answer }`, or a file of JSON or YAML with one. */
  script?: unknown
}

/** Gemini's native wire, offline: the Developer API and Vertex AI at one address. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host, port, script = [] } = options
  const log = new RequestLog()
  const house = {
    script: typeof script === 'string' ? await readScript(script) : parseScript(script),
    memory: new FaultMemory(),
  }
  const listener = await listen(
    (request, response) => {
      void serve(request, response, house, log)
    },
    { host, port },
  )
  return { ...listener, log }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  house: House,
  log: RequestLog,
): Promise<void> {
  const { method = 'GET', url: path = '/', headers } = request
  const url = URL.parse(path, 'http://emulator')
  if (url?.pathname === '/_log') return serveLog(method, response, log)
  const logged = log.begin(method, path, headers)
  try {
    const text = await readText(request)
    logged.received(text ?? '', modelIn(path))
    const { reply, fault } = answerTo({ method, url, path, headers, text }, house)
    await send(response, reply, fault, logged)
  } catch (error) {
    // Whoever leaves while asking gets no answer; anything else is a fault of the emulator.
    if (!request.destroyed) console.error(error)
    logged.end('cancelled')
    response.destroy()
  }
}

function answerTo(
  { url, path, text, ...rest }: Arrived,
  house: House,
): { reply: Reply; fault: Fault } {
  if (!url) return { reply: notFoundReply(path), fault: healthy }
  if (text === undefined) return { reply: errorReply(tooLong, 'whole'), fault: healthy }
  return exchange({ url, text, ...rest }, house)
}

interface Arrived {
  method: string
  url: URL | null
  path: string
  headers: IncomingHttpHeaders
  text: string | undefined
}

const tooLong = invalidArgument(`Request payload size exceeds the limit: ${longestBody} bytes.`)

function serveLog(method: string, response: ServerResponse, log: RequestLog): void {
  if (method === 'DELETE') log.clear()
  const { status, headers, frames } = jsonReply({ requests: log.entries })
  response.writeHead(status, headers)
  response.end(frames.join(''))
}

function modelIn(path: string): string | undefined {
  return /\/models\/([^/:?+%]+)/.exec(path)?.[1]
}

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { invalidArgument } from './errors.ts'
import { type Exchange, exchange, type House } from './exchange.ts'
import { healthy } from './faults/fault.ts'
import { FaultMemory } from './faults/memory.ts'
import { listen, longestBody, readText } from './listen.ts'
import { type EmulatorLog, type LoggedRequest, RequestLog } from './log.ts'
import { errorReply, jsonReply, notFoundReply } from './reply.ts'
import { ScriptMemory } from './script/memory.ts'
import { parseScript } from './script/parse.ts'
import { readScript } from './script/read.ts'
import { send } from './wire.ts'

/** A running emulator. */
export interface Emulator {
  /** Where it listens, for both backends: `http://127.0.0.1:1234`. */
  url: string
  /** What it has been asked, and how each answer ended. */
  log: EmulatorLog
  /** Answers by another script from now on: a list of `{ when, answer }`. */
  play(script: unknown): void
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

/** A request as it came. */
export interface Arrived {
  method: string
  /** The path with its query. */
  url: string
  headers: IncomingHttpHeaders
  text: string
}

/** Gives one answer; resolves when it is over, and its end noted. */
export type Performance = (
  request: Arrived,
  response: ServerResponse,
  exchange: Exchange,
  logged: LoggedRequest,
) => Promise<void>

/** Gemini's native wire, offline: the Developer API and Vertex AI at one address. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  return serveWith(options, (_, response, { reply, fault }, logged) =>
    send(response, reply, fault, logged),
  )
}

/** The same where somebody else has the last word on how an answer is given. */
export async function serveWith(options: EmulatorOptions, perform: Performance): Promise<Emulator> {
  const { host, port, script = [] } = options
  const log = new RequestLog()
  const house = {
    script: typeof script === 'string' ? await readScript(script) : parseScript(script),
    played: new ScriptMemory(),
    memory: new FaultMemory(),
  }
  const listener = await listen(
    (request, response) => {
      void serve(request, response, { house, log, perform })
    },
    { host, port },
  )
  return { ...listener, log, play: (other) => void (house.script = parseScript(other)) }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { house, log, perform }: { house: House; log: RequestLog; perform: Performance },
): Promise<void> {
  const { method = 'GET', url: path = '/', headers } = request
  if (URL.parse(path, 'http://emulator')?.pathname === '/_log') {
    return serveLog(method, response, log)
  }
  const logged = log.begin(method, path, headers)
  try {
    const text = await readText(request)
    logged.received(text ?? '', modelIn(path))
    const arrived = { method, url: path, headers, text: text ?? '' }
    await perform(arrived, response, answerTo(arrived, text, house), logged)
  } catch (error) {
    // Whoever leaves gets no answer; anything else is a fault of the emulator, or of the hand.
    if (!response.destroyed) console.error(error)
    logged.end('cancelled')
    response.destroy()
  }
}

const tooLong = invalidArgument(`Request payload size exceeds the limit: ${longestBody} bytes.`)

function answerTo(
  { method, url: path, headers }: Arrived,
  text: string | undefined,
  house: House,
): Exchange {
  const url = URL.parse(path, 'http://emulator')
  if (!url) return { reply: notFoundReply(path), fault: healthy }
  if (text === undefined) return { reply: errorReply(tooLong, 'whole'), fault: healthy }
  return exchange({ method, url, headers, text }, house)
}

function serveLog(method: string, response: ServerResponse, log: RequestLog): void {
  if (method === 'DELETE') log.clear()
  const { status, headers, frames } = jsonReply({ requests: log.entries })
  response.writeHead(status, headers)
  response.end(frames.join(''))
}

function modelIn(path: string): string | undefined {
  return /\/models\/([^/:?+%]+)/.exec(path)?.[1]
}

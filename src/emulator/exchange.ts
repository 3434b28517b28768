import type { IncomingHttpHeaders } from 'node:http'
import { checkRequest, readCountRequest, readEmbedRequest, readRequest } from './contract.ts'
import { counted } from './count.ts'
import { checkCredentials, credentialIn } from './credentials.ts'
import { embedded } from './embed.ts'
import { GoogleError, standardError } from './errors.ts'
import { faultyBody } from './faults/events.ts'
import { type Fault, healthy } from './faults/fault.ts'
import type { FaultMemory } from './faults/memory.ts'
import { parseFault } from './faults/parse.ts'
import { refusal } from './faults/refusal.ts'
import type { Framing } from './framing.ts'
import { type Asked, generated } from './generate.ts'
import { modelInfo, modelList } from './model-list.ts'
import { errorReply, jsonReply, notFoundReply, type Reply } from './reply.ts'
import { modelOf, type Route, routeOf } from './routes.ts'
import { readPrompt } from './says/prompt.ts'
import { entryFor } from './script/match.ts'
import type { ScriptMemory } from './script/memory.ts'
import type { Script } from './script/script.ts'

/** A request as it came. */
export interface Incoming {
  method: string
  url: URL
  headers: IncomingHttpHeaders
  text: string
}

/** What one request leaves for the next, and what all of them are answered by. */
export interface House {
  script: Script
  played: ScriptMemory
  memory: FaultMemory
}

/** An answer, and what goes wrong while it is sent. */
export interface Exchange {
  reply: Reply
  fault: Fault
  /** How a model's answer is framed; absent where no model answers, in refusals above all. */
  framing?: Framing
}

/** Answers a request; whatever is thrown on the way becomes Google's error JSON. */
export function exchange(incoming: Incoming, house: House): Exchange {
  const route = routeOf(incoming.method, incoming.url)
  if (!route) return { reply: notFoundReply(incoming.url.pathname), fault: healthy }
  const framing = 'framing' in route ? route.framing : 'whole'
  let fault = healthy
  try {
    checkCredentials(incoming.headers, incoming.url, route.backend)
    const asked = attempt(() => readAsked(route, incoming, house))
    fault = house.memory.applied(
      parseFault(faultsIn(route, incoming, asked)),
      credentialIn(incoming.headers, incoming.url),
    )
    const refused = refusal(fault, framing, {
      backend: route.backend,
      model: 'model' in route ? route.model : '',
    })
    // A request that is refused for a fault was answered; one that is wrong was not.
    if (refused && asked.value?.entry) house.played.answered(asked.value.entry)
    const reply = refused ?? replyTo(route, incoming, asked, { fault, house })
    return { reply, fault, ...(!refused && route.kind === 'generate' && { framing }) }
  } catch (error) {
    return { reply: errorReply(asGoogleError(error), framing), fault }
  }
}

// The JSON front end reads the body before anyone looks for the model.
function readAsked(route: Route, incoming: Incoming, house: House): Asked | undefined {
  if (route.kind !== 'generate') return undefined
  const request = readRequest(parsed(incoming.text), route.backend)
  const prompt = readPrompt(request)
  return { request, prompt, entry: entryFor(house, request, prompt, route.model) }
}

function faultsIn(
  route: Route,
  { headers }: Incoming,
  { value: asked }: Attempt<Asked | undefined>,
): string[] {
  return [
    ...[headers['x-emulator-fault'] ?? []].flat(),
    ...('fault' in route && route.fault !== undefined ? [route.fault] : []),
    ...(asked?.prompt.magic.faults ?? []),
    ...(asked?.entry?.answer.fault === undefined ? [] : [asked.entry.answer.fault]),
  ]
}

function replyTo(
  route: Route,
  incoming: Incoming,
  asked: Attempt<Asked | undefined>,
  { fault, house }: { fault: Fault; house: House },
): Reply {
  switch (route.kind) {
    case 'models':
      return jsonReply(faultyBody(modelList(route.backend), fault))
    case 'model':
      return jsonReply(faultyBody(modelInfo(route), fault))
    case 'count': {
      const request = readCountRequest(parsed(incoming.text), route.backend)
      const call = { request, backend: route.backend, model: modelOf(route) }
      return jsonReply(faultyBody(counted(call), fault))
    }
    case 'embed': {
      const request = readEmbedRequest(route.method, parsed(incoming.text), route.backend)
      return jsonReply(faultyBody(embedded(route.method, request, modelOf(route)), fault))
    }
    case 'generate': {
      if (asked.error !== undefined) throw asked.error
      if (!asked.value) throw new Error('A request to generate is always read.')
      const { value } = asked
      const call = { request: value.request, backend: route.backend, model: modelOf(route) }
      checkRequest(call)
      if (value.entry) house.played.answered(value.entry)
      return generated(call, value, { headers: incoming.headers, framing: route.framing, fault })
    }
  }
}

function parsed(text: string): unknown {
  // A body without a byte reads as a message without a field.
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    const problem = text.trimEnd().endsWith('}') ? 'Unexpected token.' : 'Unexpected end of string.'
    throw new GoogleError(400, `Invalid JSON payload received. ${problem}\n${text.slice(0, 40)}\n^`)
  }
}

interface Attempt<Value> {
  value?: Value
  error?: unknown
}

// A fault of the header comes before anyone finds fault with the body.
function attempt<Value>(read: () => Value): Attempt<Value> {
  try {
    return { value: read() }
  } catch (error) {
    return { error }
  }
}

function asGoogleError(error: unknown): GoogleError {
  if (error instanceof GoogleError) return error
  // A fault of the emulator itself has to be found: it tells where it happened.
  console.error(error)
  return standardError(500)
}

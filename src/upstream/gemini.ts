import { ApiError, interrupted } from '../errors.ts'
import type { MadeCall } from '../translate/chat/calls.ts'
import { mergeCopies } from '../translate/chat/copies.ts'
import { Repeat } from '../translate/chat/likeness.ts'
import type { Asked } from '../translate/chat/mend.ts'
import { type AnswerOptions, toGemini, type Translation } from '../translate/chat/request.ts'
import {
  dummySignature,
  pastCallsOf,
  type SignatureSource,
  signatureSources,
  withDummySignatures,
} from '../translate/chat/signatures.ts'
import { ChatStream, collectWhole } from '../translate/chat/stream.ts'
import type { GenerateContentResponse } from '../translate/gemini.ts'
import { type Answered, type AskerSettings, type Attempt, createAsker, inTime } from './asking.ts'
import type { Answer, Backend, Batches, Call } from './backend.ts'
import type { RetryBudget } from './budget.ts'
import { type Events, toEvents, toResponse, understood } from './responses.ts'
import type { CallRecord } from './record.ts'
import { exhausted, pause, waitBefore } from './retry.ts'
import { keptSchemas } from './schemas.ts'
import type { Remembered, SignatureStore } from './signatures.ts'
import { resumed } from './source.ts'
import type { Reply } from './exchange.ts'

export interface GeminiSettings extends AskerSettings {
  budget: RetryBudget
  signatures: SignatureStore
  /** Told where the signature of each step in a history came from. */
  countSignature: (source: SignatureSource) => void
  /** Where thoughts go when the client set no marker. */
  thoughts: 'reasoning_content' | 'content'
}

/** An answer that shows nothing is asked for again so often, while no byte has gone out. */
const furtherTries = 2

/** Gemini behind one of its gates: translates, asks, translates back. */
export function geminiBackend(settings: GeminiSettings): Backend {
  const { gate, retry, budget, places, signatures, countSignature, thoughts } = settings
  const { ask } = createAsker(settings)
  const knownSchemas = keptSchemas()
  return {
    async complete(body, call) {
      const translation = await translate(body, call)
      return untilFruitful(translation, call, 'generateContent', async (replies) => {
        const owner = gate.owner(call.credential)
        const [only, ...more] = replies
        const response =
          only !== undefined && more.length === 0
            ? await toResponse(only, owner)
            : mergeCopies(await Promise.all(replies.map((reply) => toResponse(reply, owner))))
        // A whole answer always has its usage.
        const stream = begin(call, toAnswerOptions(translation, replies, true))
        const content = understood(() => collectWhole(stream, response))
        const calls = stream.takeCalls()
        if (calls.length > 0) await remember(calls, call.record)
        return { stream, content, discard: () => undefined }
      })
    },
    async stream(body, call) {
      const translation = await translate(body, call)
      const method = 'streamGenerateContent?alt=sse'
      return untilFruitful(translation, call, method, async (replies) => {
        const stream = begin(call, toAnswerOptions(translation, replies))
        const batches = toBatches(
          toEvents(replies, gate.owner(call.credential)),
          stream,
          call.record,
        )
        // Until the first batch is there, a failure still has a status, and another try is free.
        const first = await batches.next()
        const discard = () => batches.cancel()
        return { stream, content: resumed(first, batches), discard }
      })
    },
  }

  /** Asks until the answer has begun and has something to show, or there were enough tries. */
  async function untilFruitful<T>(
    translation: Translation,
    call: Call,
    method: string,
    read: (replies: Reply[]) => Promise<Beginning<T>>,
  ): Promise<Answer<T>> {
    const ticket = budget.enter()
    let next: Attempt = {
      asked: toAsked(translation),
      mended: [],
      tried: 0,
      ticket,
      broken: new Set(),
    }
    try {
      for (let waited = 0; ;) {
        const { answered, beginning } = await begun(next, translation, call, method, read)
        const { asked, mended, tried } = answered
        next = { ...next, asked, mended, tried }
        if (beginning instanceof ApiError) {
          places.failed(answered.place, call.model, beginning, call.credential === undefined)
          const wait = waitBefore(beginning, tried, waited, false, retry)
          if (wait === undefined || !inTime(wait, call)) {
            throw tried > 1 ? exhausted(beginning, tried) : beginning
          }
          if (!ticket.again()) throw exhausted(beginning, tried)
          next = { ...next, broken: new Set([...next.broken, answered.place]) }
          await call.record.waiting.for(pause(wait, call.signal))
          waited += wait
          continue
        }
        places.answered(answered.place)
        const { stream, content, discard } = beginning
        const enough = tried > furtherTries || !inTime(0, call)
        if (stream.futile === undefined || enough || !ticket.again()) {
          return { content, headers: toHeaders(translation, answered, gate.places) }
        }
        discard()
        next = { ...next, asked: toNextTry(asked, stream.futile) }
      }
    } finally {
      ticket.done()
    }
  }

  /** Asks once, and reads as much of the answer as can be taken back. */
  async function begun<T>(
    attempt: Attempt,
    translation: Translation,
    call: Call,
    method: string,
    read: (replies: Reply[]) => Promise<Beginning<T>>,
  ): Promise<{ answered: Answered; beginning: Beginning<T> | ApiError }> {
    const several = together(attempt.asked, call)
    let answered: Answered | undefined
    try {
      answered = await ask(attempt, translation, several.call, method)
      return { answered, beginning: await read(answered.replies) }
    } catch (error) {
      several.end()
      // It broke off before it had begun for the client.
      if (answered !== undefined && error instanceof ApiError) return { answered, beginning: error }
      throw error
    }
  }

  async function translate(body: unknown, { model, record }: Call): Promise<Translation> {
    const { provider, parent } = gate
    const calls = pastCallsOf(body)
    const ids = calls.map(({ id }) => id)
    const known =
      ids.length > 0
        ? await record.waiting.for(signatures.recall(ids))
        : new Map<string, Remembered>()
    const signed = new Set(calls.filter((one) => one.signed).map(({ id }) => id))
    const remembered = pick(known, ({ signature }, id) => (signed.has(id) ? undefined : signature))
    const nativeIds = pick(known, ({ nativeId }) => nativeId)
    const translation = toGemini(body, {
      provider,
      parent,
      model,
      thoughts,
      remembered,
      nativeIds,
      knownSchemas,
    })
    for (const source of signatureSources(translation.request, remembered)) countSignature(source)
    return translation
  }

  function toNextTry(asked: Asked, reason: string): Asked {
    if (reason !== 'MISSING_THOUGHT_SIGNATURE') return asked
    const request = withDummySignatures(asked.request, dummySignature(gate.provider))
    return { ...asked, request }
  }

  /** Drives the translation. An answer that broke off must not look complete: it throws 502. */
  function toBatches(source: Events, stream: ChatStream, record: CallRecord): Batches {
    let over = false
    return { next, cancel: () => source.cancel() }

    async function next(): Promise<string[] | undefined> {
      try {
        while (!over) {
          const events = await source.next()
          over = events === undefined
          if (over && !stream.complete) throw interrupted()
          const chunks = understood(() => translated(events, stream))
          // Before the client has the call, it can be recalled, by other instances too.
          const calls = stream.takeCalls()
          if (calls.length > 0) await remember(calls, record)
          if (chunks.length > 0) return chunks
        }
        return undefined
      } catch (error) {
        source.cancel()
        throw error
      }
    }
  }

  async function remember(calls: MadeCall[], record: CallRecord): Promise<void> {
    const telling = calls.filter(({ signature, nativeId }) => signature ?? nativeId)
    if (telling.length === 0) return
    const kept = new Map(
      telling.map(({ id, signature, nativeId }) => [id, { signature, nativeId }]),
    )
    await record.waiting.for(signatures.remember(kept))
  }
}

/** The translation of an answer, which tells the record of it. */
function begin({ head, record }: Call, options: AnswerOptions): ChatStream {
  const stream = new ChatStream(head, options)
  record.hear(stream)
  return stream
}

/** The chunks that events make, as JSON; nothing stands for the end of them. */
function translated(
  events: (GenerateContentResponse | Repeat)[] | undefined,
  stream: ChatStream,
): string[] {
  if (events === undefined) return stream.finish().map((chunk) => JSON.stringify(chunk))
  const chunks: string[] = []
  for (const event of events) {
    if (event instanceof Repeat) chunks.push(...stream.repeat(event))
    else for (const chunk of stream.push(event)) chunks.push(JSON.stringify(chunk))
  }
  return chunks
}

/** As much of an answer as can be taken back. */
interface Beginning<T> {
  stream: ChatStream
  content: T
  /** Lets go of an answer that nobody wants. */
  discard: () => void
}

/**
 * Where several calls make one answer, the failure of one ends the others: nobody waits for them any
 * more. `end` does it, also once the answer has begun.
 */
function together({ request, copies }: Asked, call: Call): { call: Call; end: () => void } {
  const only = (request.generationConfig?.candidateCount ?? copies) === 1
  if (only) return { call, end: () => undefined }
  const others = new AbortController()
  const signal = AbortSignal.any([call.signal, others.signal])
  return { call: { ...call, signal }, end: () => others.abort() }
}

function toAsked({ request, answer }: Translation): Asked {
  return { request, copies: answer.copies }
}

function toAnswerOptions(
  { answer }: Translation,
  replies: Reply[],
  includeUsage?: boolean,
): AnswerOptions {
  return {
    ...answer,
    includeUsage: includeUsage ?? answer.includeUsage,
    copies: replies.length,
    servedTier: replies[0]?.header('x-gemini-service-tier'),
  }
}

function pick<K, V, T>(map: Map<K, V>, select: (value: V, key: K) => T | undefined): Map<K, T> {
  const picked = new Map<K, T>()
  for (const [key, value] of map) {
    const selected = select(value, key)
    if (selected !== undefined) picked.set(key, selected)
  }
  return picked
}

/** What was left out, mended or tried again, by name: nothing is lost silently. */
function toHeaders(
  { ignored, repairs }: Translation,
  { replies, mended, tried, place }: Answered,
  places: readonly string[],
): Record<string, string> {
  const names = ignored.filter((name) => /^[\w.-]{1,64}$/.test(name)).slice(0, 32)
  const repaired = [...repairs, ...mended]
  const tier = /^[a-z_-]{1,32}$/i.exec(replies[0]?.header('x-gemini-service-tier') ?? '')?.[0]
  return {
    ...(names.length > 0 && { 'x-pollux-ignored': names.join(', ') }),
    ...(repaired.length > 0 && { 'x-pollux-repaired': repaired.join(', ') }),
    ...(tried > 1 && { 'x-pollux-attempts': String(tried) }),
    ...(places.length > 1 && { 'x-pollux-location': places[place] ?? '' }),
    ...(tier !== undefined && { 'x-gemini-service-tier': tier }),
  }
}

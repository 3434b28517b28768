import { checkStructure } from '../../../src/http/json.ts'
import {
  type AnswerOptions,
  type Circumstances,
  toGemini,
} from '../../../src/translate/chat/request.ts'
import type { ChatChunk } from '../../../src/translate/chat/response.ts'
import { pastCallsOf, signatureSources } from '../../../src/translate/chat/signatures.ts'
import { ChatStream, collectWhole } from '../../../src/translate/chat/stream.ts'
import { ToolNames } from '../../../src/translate/chat/tool-names.ts'
import { readResponse } from '../../../src/translate/gemini-response.ts'
import type { GenerateContentResponse } from '../../../src/translate/gemini.ts'
import { tryParseJson } from '../../../src/translate/json.ts'
import { EventReader } from '../../../src/upstream/sse.ts'

/**
 * The way of a request through the gateway without the network: text in, text out. The one place of
 * the measurements that knows by which functions it goes.
 */

/** A client's body -> the body that Google gets. */
export function toGoogle(body: string, more: Pick<Circumstances, 'model'>): string {
  checkStructure(body)
  const value: unknown = JSON.parse(body)
  pastCallsOf(value)
  const circumstances: Circumstances = {
    provider: 'gemini',
    thoughts: 'reasoning_content',
    remembered: new Map(),
    ...more,
  }
  const { request } = toGemini(value, circumstances)
  signatureSources(request, circumstances.remembered)
  return JSON.stringify(request)
}

/** Google's whole answer -> the completion that the client gets. */
export function toCompletion(answer: string, options: Partial<AnswerOptions>): string {
  return JSON.stringify(collectWhole(new ChatStream(head, { ...usual, ...options }), read(answer)))
}

/** Google's stream, as it is read -> the client's, of which only the length is kept. */
export function toClient(
  reads: Iterable<Uint8Array>,
  options: Partial<AnswerOptions>,
): { written: number; calls: number } {
  const reader = new EventReader()
  const stream = new ChatStream(head, { ...usual, ...options })
  let written = 0
  let calls = 0
  for (const bytes of reads) {
    written += write(reader.push(bytes).flatMap((event) => stream.push(read(event)))).length
    // The memory of signatures asks for them after each read.
    calls = stream.calls.length
  }
  const rest = reader.finish().flatMap((event) => stream.push(read(event)))
  return { written: written + write([...rest, ...stream.finish()]).length, calls }
}

const head = { id: 'chatcmpl-1', created: 1_763_000_000, model: 'gemini-2.5-flash' }

const usual: AnswerOptions = {
  thoughts: { to: 'reasoning_content' },
  includeUsage: true,
  names: new ToolNames(['look_up']),
  custom: new Set(),
  wrapped: new Set(),
  legacy: false,
  single: false,
  copies: 1,
  servedTier: undefined,
  topLogprobs: 2,
  audioFormat: undefined,
}

function write(chunks: ChatChunk[]): string {
  const batch = chunks.map((chunk) => JSON.stringify(chunk))
  return batch.length === 0 ? '' : `data: ${batch.join('\n\ndata: ')}\n\n`
}

function read(text: string): GenerateContentResponse {
  const response = readResponse(tryParseJson(text))
  if (response === undefined) throw new Error('This is no answer of Google’s.')
  return response
}

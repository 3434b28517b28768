import { checkStructure } from '../../../src/http/json.ts'
import { toBackends } from '../../../src/reach.ts'
import { toGemini } from '../../../src/translate/chat/request.ts'
import { pastCallsOf, signatureSources } from '../../../src/translate/chat/signatures.ts'
import { CallRecord } from '../../../src/upstream/record.ts'
import type { Call } from '../../../src/upstream/backend.ts'
import { retryBudget } from '../../../src/upstream/budget.ts'
import { keptSchemas } from '../../../src/upstream/schemas.ts'
import { memorySignatures } from '../../../src/upstream/signatures.ts'
import { fixedToken } from '../../../src/upstream/token.ts'
import type { Transport } from '../../../src/upstream/transport.ts'

/**
 * The way of a request through the gateway without the network. The one place of the measurements
 * that knows by which functions it goes.
 */

const kept = keptSchemas()

/** A client's body -> the body that Google gets. `again`: with the schemas of earlier ones known. */
export function toGoogle(body: string, model: string, again = false): string {
  checkStructure(body)
  const value: unknown = JSON.parse(body)
  pastCallsOf(value)
  const remembered = new Map<string, string>()
  const { request } = toGemini(value, {
    provider: 'gemini',
    model,
    thoughts: 'reasoning_content',
    remembered,
    ...(again && { knownSchemas: kept }),
  })
  signatureSources(request, remembered)
  return JSON.stringify(request)
}

/** What a client asks, and what Google answers it, as it is read. */
export interface Exchanged {
  /** JSON. */
  body: string
  model: string
  reads: readonly Buffer[]
}

/** The answer in one piece -> the length of the client's. */
export async function toCompletion({ body, model, reads }: Exchanged): Promise<number> {
  const { content } = await backendOf(reads).complete(JSON.parse(body), callOf(model))
  return JSON.stringify(content).length
}

/** The answer as a stream -> the length of the client's. */
export async function toStream({ body, model, reads }: Exchanged): Promise<number> {
  const { content } = await backendOf(reads).stream(JSON.parse(body), callOf(model))
  let length = 0
  for (let batch = await content.next(); batch !== undefined; batch = await content.next()) {
    length += batch.join('').length
  }
  return length
}

/** The answer as a stream that goes on, up to where Google says nothing more for now. */
export async function toOpenStream({ body, model, reads }: Exchanged): Promise<object> {
  const { content } = await backendOf(reads, true).stream(JSON.parse(body), callOf(model))
  // Each of them makes a batch.
  for (const _ of reads) await content.next()
  return content
}

function backendOf(reads: readonly Buffer[], open = false) {
  tape = { reads, open }
  return backends.serving('gemini-2.5-flash').backend
}

/** What Google says next, and whether it then goes on to say more. */
let tape: { reads: readonly Buffer[]; open: boolean } = { reads: [], open: false }

const transport: Transport = {
  async post() {
    const { reads, open } = tape
    const rest = reads.values()
    return {
      status: 200,
      header: () => undefined,
      body: {
        async next() {
          const { value } = rest.next()
          return value === undefined && open ? new Promise(() => undefined) : value
        },
        cancel: () => undefined,
      },
      text: async () => Buffer.concat([...rest]).toString(),
      redact: (text) => text,
    }
  },
  close: async () => undefined,
}

const backends = toBackends(
  {
    vertex: undefined,
    gemini: { apiKeys: ['emulated-key'], baseUrl: 'http://google' },
    preferred: 'gemini',
    endpoints: [],
    emulated: false,
  },
  {
    transport,
    retry: { retries: 0, random: () => 0 },
    budget: retryBudget(),
    tokens: fixedToken('emulated-token'),
    signatures: memorySignatures(),
    countSignature: () => undefined,
    thoughts: 'reasoning_content',
  },
)

function callOf(model: string): Call {
  return {
    head: { id: 'chatcmpl-1', created: 1_763_000_000, model },
    model,
    signal: new AbortController().signal,
    credential: undefined,
    deadline: undefined,
    record: new CallRecord(model, false),
  }
}

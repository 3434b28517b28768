import type {
  Candidate,
  GenerateContentResponse,
  GroundingMetadata,
  Part,
} from '../../../src/translate/gemini.ts'
import type { ChatChunk, ChunkChoice, Delta } from '../../../src/translate/chat/response.ts'

// Two independent views of one answer: what a client makes of a stream, and the one response that
// Gemini would have given had the client not asked for a stream.

type Loose = Record<string, unknown>

/** The completion that a client gets by adding up the chunks of a stream. */
export function accumulate(chunks: ChatChunk[]): Loose {
  const [first] = chunks
  const byIndex = Map.groupBy(
    chunks.flatMap((chunk) => chunk.choices),
    (choice) => choice.index,
  )
  const tier = chunks.findLast((chunk) => chunk.service_tier)?.service_tier
  return present({
    id: first?.id,
    object: 'chat.completion',
    created: first?.created,
    model: first?.model,
    system_fingerprint: first?.system_fingerprint,
    service_tier: tier,
    choices: [...byIndex.keys()]
      .toSorted((a, b) => a - b)
      .map((index) => accumulateChoice(index, byIndex.get(index) ?? [])),
    usage: chunks.findLast((chunk) => chunk.usage)?.usage,
  })
}

function accumulateChoice(index: number, choices: ChunkChoice[]): Loose {
  const deltas = choices.map((choice) => choice.delta)
  const end = choices.find((choice) => choice.finish_reason !== null)
  const tokens = choices.flatMap((choice) => choice.logprobs?.content ?? [])
  return present({
    index,
    message: accumulateMessage(deltas),
    logprobs: tokens.length > 0 ? { content: tokens, refusal: null } : null,
    finish_reason: end?.finish_reason,
    extra_content: end?.extra_content,
  })
}

function accumulateMessage(deltas: Delta[]): Loose {
  const content = joined(deltas.map((delta) => delta.content))
  const refusal = joined(deltas.map((delta) => delta.refusal))
  const reasoning = joined(deltas.map((delta) => delta.reasoning_content))
  const toolCalls = accumulateCalls(deltas)
  const legacy = deltas.flatMap((delta) => delta.function_call ?? [])
  const images = deltas.flatMap((delta) => delta.images ?? [])
  const sounds = deltas.flatMap((delta) => delta.audio ?? [])
  const annotations = deltas.flatMap((delta) => delta.annotations ?? [])
  const wordless = refusal !== '' || toolCalls.length + legacy.length + images.length > 0
  return present({
    role: deltas.find((delta) => delta.role)?.role,
    content: content === '' && (wordless || sounds.length > 0) ? null : content,
    refusal: refusal === '' ? null : refusal,
    reasoning_content: reasoning || undefined,
    tool_calls: orNothing(toolCalls),
    function_call:
      legacy.length > 0
        ? {
            name: joined(legacy.map((call) => call.name)),
            arguments: joined(legacy.map((call) => call.arguments)),
          }
        : undefined,
    annotations: orNothing(annotations),
    images: orNothing(images),
    audio: sounds.length > 0 ? accumulateSound(sounds) : undefined,
    extra_content: accumulateExtra(deltas),
  })
}

function accumulateCalls(deltas: Delta[]): Loose[] {
  const byIndex = Map.groupBy(
    deltas.flatMap((delta) => delta.tool_calls ?? []),
    (call) => call.index,
  )
  return [...byIndex.values()].map((pieces) => {
    const [first] = pieces
    const custom = pieces.flatMap((piece) => piece.custom ?? [])
    const functions = pieces.flatMap((piece) => piece.function ?? [])
    return present({
      id: first?.id,
      type: first?.type,
      function:
        functions.length > 0
          ? {
              name: joined(functions.map((piece) => piece.name)),
              arguments: joined(functions.map((piece) => piece.arguments)),
            }
          : undefined,
      custom:
        custom.length > 0
          ? {
              name: joined(custom.map((piece) => piece.name)),
              input: joined(custom.map((piece) => piece.input)),
            }
          : undefined,
      extra_content: pieces.findLast((piece) => piece.extra_content)?.extra_content,
    })
  })
}

/** Each delta's data is base64 of its own, so that the bytes are added up, not the letters. */
function accumulateSound(sounds: NonNullable<Delta['audio']>[]): Loose {
  const bytes = sounds.map((sound) => Buffer.from(sound.data ?? '', 'base64'))
  return {
    id: sounds.find((sound) => sound.id !== undefined)?.id,
    data: Buffer.concat(bytes).toString('base64'),
    expires_at: sounds.findLast((sound) => sound.expires_at !== undefined)?.expires_at,
    transcript: joined(sounds.map((sound) => sound.transcript)),
  }
}

/** `thought` speaks of its own delta; lists grow; of all else the last word holds. */
function accumulateExtra(deltas: Delta[]): Loose | undefined {
  const said = deltas.flatMap((delta) => Object.entries(delta.extra_content?.google ?? {}))
  const google = said
    .filter(([name]) => name !== 'thought')
    .reduce<Loose>((known, [name, value]) => {
      const before = known[name]
      const grown = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
      return { ...known, [name]: grown }
    }, {})
  return Object.keys(google).length > 0 ? { google } : undefined
}

/** The one response of a call without a stream: the same parts, with text that belongs together joined. */
export function merge(events: GenerateContentResponse[]): GenerateContentResponse {
  const [only, ...more] = events
  if (only !== undefined && more.length === 0) return only
  const candidates = Map.groupBy(
    events.flatMap((event) => event.candidates ?? []),
    (candidate) => candidate.index ?? 0,
  )
  const merged: GenerateContentResponse = Object.assign({}, ...events)
  const usages = events.flatMap((event) => event.usageMetadata ?? [])
  return {
    ...merged,
    ...(candidates.size > 0 && {
      candidates: [...candidates].map(([index, pieces]) => mergeCandidate(index, pieces)),
    }),
    ...(usages.length > 0 && { usageMetadata: Object.assign({}, ...usages) }),
  }
}

function mergeCandidate(index: number, pieces: Candidate[]): Candidate {
  const merged: Candidate = Object.assign({}, ...pieces)
  const grounding = pieces.flatMap((piece): GroundingMetadata[] =>
    piece.groundingMetadata ? [piece.groundingMetadata] : [],
  )
  const tokens = pieces.flatMap((piece) => piece.logprobsResult ?? [])
  return {
    ...merged,
    index,
    content: { role: 'model', parts: mergeParts(pieces) },
    ...(grounding.length > 0 && {
      groundingMetadata: {
        ...Object.assign({}, ...grounding),
        ...lists('groundingChunks', grounding),
        ...lists('groundingSupports', grounding),
      },
    }),
    ...(tokens.length > 0 && {
      logprobsResult: {
        chosenCandidates: tokens.flatMap((one) => one.chosenCandidates ?? []),
        topCandidates: tokens.flatMap((one) => one.topCandidates ?? []),
      },
    }),
  }
}

function lists(name: 'groundingChunks' | 'groundingSupports', all: GroundingMetadata[]): Loose {
  const items = all.flatMap((one): unknown[] => one[name] ?? [])
  return items.length > 0 ? { [name]: items } : {}
}

function mergeParts(pieces: Candidate[]): Part[] {
  return pieces
    .flatMap((piece) => piece.content?.parts ?? [])
    .reduce<Part[]>((parts, part) => {
      const before = parts.at(-1)
      if (before === undefined || !isPlainText(before) || !isPlainText(part)) {
        return [...parts, part]
      }
      if ((before.thought ?? false) !== (part.thought ?? false)) return [...parts, part]
      return [...parts.slice(0, -1), { ...before, text: `${before.text}${part.text}` }]
    }, [])
}

function isPlainText(part: Part): boolean {
  return Object.keys(part).every((key) => key === 'text' || key === 'thought')
}

function joined(texts: (string | null | undefined)[]): string {
  return texts.map((text) => text ?? '').join('')
}

function orNothing<T>(items: T[]): T[] | undefined {
  return items.length > 0 ? items : undefined
}

function present(object: Loose): Loose {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

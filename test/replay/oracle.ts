// What a client must get for an answer of Gemini, written from the specification alone. It shares
// no line with the gateway: where the two differ, one of them has misread the specification.

import { isRecord } from '../support/shared.ts'
import type { Recording } from '../support/shared.ts'

/** Gemini's answer, as far as the oracle looks at it. Anything may be absent. */
export interface Native {
  candidates?: NativeCandidate[]
  promptFeedback?: { blockReason?: string }
  usageMetadata?: NativeUsage
  responseId?: string
  createTime?: string
}

interface NativeCandidate {
  index?: number
  content?: { parts?: NativePart[] }
  finishReason?: string
  finishMessage?: string
  groundingMetadata?: NativeGrounding
  logprobsResult?: NativeLogprobs
  citationMetadata?: { citations?: NativeCitation[]; citationSources?: NativeCitation[] }
}

interface NativeLogprobs {
  chosenCandidates?: NativeToken[]
  topCandidates?: { candidates?: NativeToken[] }[]
}

interface NativeToken {
  token?: string
  logProbability?: number
}

interface NativePart {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  functionCall?: NativeCall
  executableCode?: { code?: string }
  codeExecutionResult?: { output?: string }
  inlineData?: { mimeType?: string; data?: string }
}

interface NativeCall {
  name?: string
  args?: Record<string, unknown> | null
  partialArgs?: PartialArg[]
  willContinue?: boolean
}

interface PartialArg {
  jsonPath: string
  stringValue?: string
  numberValue?: number
  boolValue?: boolean
  nullValue?: unknown
}

interface NativeUsage {
  promptTokenCount?: number
  toolUsePromptTokenCount?: number
  candidatesTokenCount?: number
  thoughtsTokenCount?: number
  totalTokenCount?: number
  cachedContentTokenCount?: number
  trafficType?: string
}

interface NativeGrounding {
  groundingChunks?: Record<string, { uri?: string; title?: string } | undefined>[]
  groundingSupports?: {
    segment?: { startIndex?: number; endIndex?: number; text?: string }
    groundingChunkIndices?: number[]
  }[]
}

interface NativeCitation {
  startIndex?: number
  endIndex?: number
  uri?: string
  title?: string
}

/** Where thoughts go: nowhere, beside the content, or into it between tags of this name. */
export type Thoughts = 'hidden' | 'beside' | { tag: string }

export interface ExpectedCall {
  name: string
  arguments: unknown
  signature: string | undefined
}

export interface ExpectedCitation {
  url: string
  /** Undefined where Gemini gives none: OpenAI wants one, whatever it is. */
  title: string | undefined
  /** The text that is cited; undefined where the native offsets lie outside the text. */
  cited: string | undefined
}

/** A token as OpenAI spells it. */
export interface ExpectedToken {
  token: string
  bytes: number[] | null
  logprob: number
  top_logprobs?: ExpectedToken[]
}

export interface ExpectedChoice {
  index: number
  content: string
  reasoning: string
  calls: ExpectedCall[]
  signature: string | undefined
  images: string[]
  /** Raw PCM, as base64. */
  audio: string
  citations: ExpectedCitation[]
  tokens: ExpectedToken[]
  finishReason: string
  /** The native reason where OpenAI's word does not say it. */
  nativeReason: string | undefined
  finishMessage: string | undefined
  blockReason: string | undefined
  /** Whether a refusal explains why there is no content. */
  refusal: 'present' | 'absent'
}

export interface ExpectedUsage {
  prompt: number
  completion: number
  /** More than one where Gemini's counts do not say the total. */
  totals: number[]
  cached: number
  reasoning: number
  trafficType: string | undefined
}

export interface ExpectedAnswer {
  /** Undefined where the gateway makes one up. */
  id: string | undefined
  created: number | undefined
  choices: ExpectedChoice[]
  usage: ExpectedUsage | undefined
}

/** The answer, or what kind of failure the client must be told about. */
export type Expected = ExpectedAnswer | 'stream interrupted' | 'bad gateway'

/** Specification §4: what a client must get for these responses, in order. */
export function expectAnswer(responses: readonly Native[], thoughts: Thoughts): Expected {
  const candidates = responses.flatMap((response) => response.candidates ?? [])
  const blockReason = responses.find((response) => response.promptFeedback?.blockReason)
    ?.promptFeedback?.blockReason

  // §4.7, and case 120: neither an answer nor a reason is a fault of the upstream.
  if (candidates.length === 0 && blockReason === undefined) return 'bad gateway'
  // §8.4: never fake a stop.
  if (
    candidates.length > 0 &&
    candidates.every((candidate) => candidate.finishReason === undefined)
  )
    return 'stream interrupted'

  const createTime = responses[0]?.createTime
  return {
    id: responses.find((response) => response.responseId)?.responseId,
    created: createTime === undefined ? undefined : Math.floor(Date.parse(createTime) / 1000),
    choices:
      candidates.length === 0
        ? [blockedChoice(blockReason)]
        : [...new Set(candidates.map(({ index = 0 }) => index))]
            .toSorted((a, b) => a - b)
            .map((index) =>
              expectChoice(
                index,
                candidates.filter((candidate) => (candidate.index ?? 0) === index),
                thoughts,
              ),
            ),
    usage: expectUsage(responses),
  }
}

/** A recording's responses: the events of a stream, the items of an array, or the one body. */
export function responsesOf({ sse, body }: Recording['response']): Native[] {
  if (sse !== undefined) return dataOf(sse).map((data): Native => JSON.parse(data))
  return (Array.isArray(body) ? body : [body]).filter(isNative)
}

/** Every field of a Native is optional, so every object is one. */
function isNative(value: unknown): value is Native {
  return isRecord(value)
}

/** The data of each server-sent event. */
export function dataOf(sse: string): string[] {
  return sse
    .split(/\r\n\r\n|\n\n|\r\r/)
    .map((event) =>
      event
        .split(/\r\n|\n|\r/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice('data:'.length).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '')
}

function blockedChoice(blockReason: string | undefined): ExpectedChoice {
  return {
    index: 0,
    content: '',
    reasoning: '',
    calls: [],
    signature: undefined,
    images: [],
    audio: '',
    citations: [],
    tokens: [],
    finishReason: 'content_filter',
    nativeReason: undefined,
    finishMessage: undefined,
    blockReason,
    refusal: 'present',
  }
}

function expectChoice(
  index: number,
  candidates: NativeCandidate[],
  thoughts: Thoughts,
): ExpectedChoice {
  const parts = candidates.flatMap((candidate) => candidate.content?.parts ?? [])
  const { content, answerStarts } = expectContent(parts, thoughts)
  const calls = expectCalls(parts)
  const last = candidates.findLast((candidate) => candidate.finishReason !== undefined)
  const native = last?.finishReason ?? 'FINISH_REASON_UNSPECIFIED'
  const told = native === 'STOP' || native === 'MAX_TOKENS'
  const finishReason = finishReasons[native] ?? 'stop'
  const filtered = finishReason === 'content_filter'
  return {
    index,
    content,
    reasoning:
      thoughts === 'beside'
        ? parts.map((part) => (part.thought ? (part.text ?? '') : '')).join('')
        : '',
    calls,
    signature: parts.findLast((part) => part.thoughtSignature && isWritten(part))?.thoughtSignature,
    images: filtered ? [] : expectImages(parts),
    audio: expectAudio(parts),
    citations: expectCitations(candidates, parts, content.slice(answerStarts)),
    tokens: candidates.flatMap(({ logprobsResult }) => expectTokens(logprobsResult)),
    // §4.3: `tool_calls` if any call went out; §4.6: a cut or blocked answer says that instead.
    finishReason: finishReason === 'stop' && calls.length > 0 ? 'tool_calls' : finishReason,
    nativeReason: told ? undefined : native,
    finishMessage: told ? undefined : last?.finishMessage,
    blockReason: undefined,
    refusal: filtered && content === '' && calls.length === 0 ? 'present' : 'absent',
  }
}

/** A part that ends up in content: calls and images carry their own signatures. */
function isWritten({ text, executableCode, codeExecutionResult }: NativePart): boolean {
  return text !== undefined || executableCode !== undefined || codeExecutionResult !== undefined
}

// §4.6. MODEL_ARMOR is in Vertex's contract, not in the specification's table: a filter it is.
const finishReasons: Record<string, string> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  RECITATION: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MODEL_ARMOR: 'content_filter',
}

// §3.6.4 for the tags, §4.11 for code.
function expectContent(parts: NativePart[], thoughts: Thoughts) {
  const tag = typeof thoughts === 'object' ? thoughts.tag : undefined
  let content = ''
  let answerStarts = 0
  let thinking = false
  for (const part of parts) {
    if (part.thought) {
      if (tag === undefined || !part.text) continue
      content += thinking ? part.text : `<${tag}>${part.text}`
      thinking = true
    } else if (part.functionCall) {
      if (thinking) content += `</${tag}>`
      thinking = false
    } else {
      const visible = visibleText(part)
      if (visible === '') continue
      if (thinking) {
        content += `</${tag}>\n\n`
        answerStarts = content.length
      }
      content += visible
      thinking = false
    }
  }
  if (thinking) content += `</${tag}>`
  return { content, answerStarts }
}

function visibleText({ text, executableCode, codeExecutionResult }: NativePart): string {
  if (executableCode) return `\`\`\`python\n${executableCode.code ?? ''}\n\`\`\`\n`
  if (codeExecutionResult) return `\`\`\`\n${codeExecutionResult.output ?? ''}\n\`\`\`\n`
  return text ?? ''
}

function expectImages(parts: NativePart[]): string[] {
  return parts
    .filter((part) => !part.thought && part.inlineData?.mimeType?.startsWith('image/'))
    .map(({ inlineData }) => `data:${inlineData?.mimeType};base64,${inlineData?.data}`)
}

function expectAudio(parts: NativePart[]): string {
  return joinBase64(
    parts
      .filter((part) => part.inlineData?.mimeType?.startsWith('audio/L16'))
      .map((part) => part.inlineData?.data ?? ''),
  )
}

/** Base64 cannot simply be put end to end: each piece may have its own padding. */
export function joinBase64(pieces: string[]): string {
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64')
}

// §4.9. A probability of 1 is a logarithm of 0, which Google's JSON leaves out.
function expectTokens({ chosenCandidates = [], topCandidates = [] }: NativeLogprobs = {}) {
  return chosenCandidates.map((chosen, i) => ({
    ...expectToken(chosen),
    top_logprobs: (topCandidates[i]?.candidates ?? []).map(expectToken),
  }))
}

function expectToken({ token = '', logProbability = 0 }: NativeToken): ExpectedToken {
  const bytes = token.includes('\uFFFD') ? null : [...Buffer.from(token)]
  return { token, bytes, logprob: logProbability }
}

// §5.5, and §5.9 for arguments that come piece by piece.
function expectCalls(parts: NativePart[]): ExpectedCall[] {
  const calls: ExpectedCall[] = []
  let open: ExpectedCall | undefined
  for (const { functionCall, thoughtSignature } of parts) {
    if (!functionCall) continue
    const { name, args, partialArgs = [], willContinue = false } = functionCall
    if (name !== undefined) {
      open = {
        name: name.replace(/^default_api[.:]/, ''),
        arguments: args ?? {},
        signature: thoughtSignature,
      }
      calls.push(open)
    }
    if (open === undefined) continue
    for (const partial of partialArgs) open.arguments = put(open.arguments, partial)
    if (!willContinue) open = undefined
  }
  return calls
}

/** Puts a value where its path says; text joins the text that is already there. */
function put(
  root: unknown,
  { jsonPath, stringValue, numberValue, boolValue }: PartialArg,
): unknown {
  const steps = [...jsonPath.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]/g)].map(
    ([, member, item, quoted]) => (item === undefined ? (member ?? quoted ?? '') : Number(item)),
  )
  const value = stringValue ?? numberValue ?? boolValue ?? null
  return change(root, steps, (before) =>
    typeof before === 'string' && typeof value === 'string' ? before + value : value,
  )
}

function change(
  within: unknown,
  [step, ...steps]: (string | number)[],
  to: (before: unknown) => unknown,
): unknown {
  if (step === undefined) return to(within)
  if (typeof step === 'number') {
    const items: unknown[] = Array.isArray(within) ? [...within] : []
    items[step] = change(items[step], steps, to)
    return items
  }
  const members = isRecord(within) ? within : {}
  return { ...members, [step]: change(members[step], steps, to) }
}

// §4.5. Vertex sends only the traffic type until the last event, so the counts gather.
function expectUsage(responses: readonly Native[]): ExpectedUsage | undefined {
  const usages = responses.flatMap((response) => response.usageMetadata ?? [])
  if (usages.length === 0) return undefined
  const usage: NativeUsage = Object.assign({}, ...usages)
  const { promptTokenCount = 0, toolUsePromptTokenCount = 0 } = usage
  const { candidatesTokenCount = 0, thoughtsTokenCount = 0, totalTokenCount } = usage
  const prompt = promptTokenCount + toolUsePromptTokenCount
  const completion = candidatesTokenCount + thoughtsTokenCount
  return {
    prompt,
    completion,
    totals: totalTokenCount === undefined ? [0, prompt + completion] : [totalTokenCount],
    cached: usage.cachedContentTokenCount ?? 0,
    reasoning: thoughtsTokenCount,
    trafficType: usage.trafficType,
  }
}

// §4.10: supports that point to chunks with an address, and recitations with an address.
function expectCitations(
  candidates: NativeCandidate[],
  parts: NativePart[],
  answer: string,
): ExpectedCitation[] {
  const groundings = candidates.flatMap((candidate) => candidate.groundingMetadata ?? [])
  const sources = groundings.flatMap((grounding) => grounding.groundingChunks ?? [])
  const supports = groundings.flatMap((grounding) => grounding.groundingSupports ?? [])
  const recitations = candidates.flatMap(({ citationMetadata: metadata }) => [
    ...(metadata?.citations ?? []),
    ...(metadata?.citationSources ?? []),
  ])
  // Tags and thoughts stand before the answer; native offsets count from the answer's first byte.
  const text = parts.some((part) => part.executableCode) ? undefined : Buffer.from(answer)
  const within = (cited: string | undefined) =>
    cited !== undefined && answer.includes(cited) ? cited : undefined
  const citedBetween = (start = 0, end = NaN) =>
    text !== undefined && start <= end && end <= text.length
      ? within(text.subarray(start, end).toString())
      : undefined

  return [
    ...supports.flatMap(({ segment, groundingChunkIndices = [] }) =>
      groundingChunkIndices.flatMap((index) => {
        const source = sources[index]?.web ?? sources[index]?.maps
        const cited = segment?.text
          ? within(segment.text)
          : citedBetween(segment?.startIndex, segment?.endIndex)
        return source?.uri ? [{ url: source.uri, title: source.title, cited }] : []
      }),
    ),
    ...recitations.flatMap(({ uri, title, startIndex, endIndex }) =>
      uri ? [{ url: uri, title, cited: citedBetween(startIndex, endIndex) }] : [],
    ),
  ]
}

import { invalidRequest } from '../../errors.ts'
import { addAll } from '../add-all.ts'
import type { Content, Part } from '../gemini.ts'
import { callsOf, signFirstCall, type Spoke, toModelParts } from './assistant.ts'
import { detailsOf, toParts, toTexts } from './content.ts'
import type {
  AssistantMessage,
  Message,
  Placed,
  Reading,
  Repair,
  ResultMessage,
  UserMessage,
} from './message.ts'
import { answerCalls, toOrphan } from './results.ts'

export interface Conversation {
  contents: Content[]
  systemInstruction: Content | undefined
  /** For models that take one resolution for all media. */
  details: string[]
  repairs: Repair[]
}

/**
 * OpenAI's messages -> Gemini's turns: the assistant's runs become model turns; what follows each
 * becomes its results, in the order of the calls, and then the user's words. Whatever Gemini's turn
 * rules refuse is mended and named in `repairs`. Throws 400, naming the field, for what cannot be.
 * Source: ai.google.dev/gemini-api/docs/function-calling and …/thought-signatures.
 */
export function toConversation(list: Message[], reading: Reading): Conversation {
  const repairs = new Set<Repair>()
  const placed = list.map((one, at) => ({ message: one, where: `messages[${at}]` }))
  const { instructions, turns } = separate(placed, repairs)
  const inline = reading.cached || !reading.target.can.systemInstruction
  const systemParts = [...instructions, ...reading.furtherInstructions].map((text) => ({ text }))
  const spoken = toRuns(turns).flatMap((run, at, runs) =>
    toTurns(run, runs[at - 1], reading, repairs),
  )
  const before =
    inline && systemParts.length > 0 ? [{ role: 'user' as const, parts: systemParts }] : []
  const contents = obeyTurnRules(joinTurns([...before, ...spoken]), systemParts, reading, repairs)
  const asked = !inline && spoken.length > 0 && systemParts.length > 0
  return {
    contents,
    systemInstruction: asked ? { parts: systemParts } : undefined,
    details: list.flatMap((one) => (one.role === 'user' ? detailsOf(one.content) : [])),
    repairs: [...repairs],
  }
}

type Spoken = Exclude<Message, { role: 'system' | 'developer' }>

function separate(placed: Placed<Message>[], repairs: Set<Repair>) {
  const instructions: string[] = []
  const turns: Placed<Spoken>[] = []
  for (const { message: one, where } of placed) {
    if (one.role === 'system' || one.role === 'developer') {
      // Gemini has one place for instructions: before everything else.
      if (turns.length > 0) repairs.add('instructions_moved')
      instructions.push(...toTexts(one.content, `${where}.content`).filter((text) => text !== ''))
    } else {
      turns.push({ message: one, where })
    }
  }
  return { instructions, turns }
}

/** Neighbours of one side: what the assistant said, or what it was told. */
type Run = { side: 'model'; said: Spoke[] } | { side: 'user'; said: Placed<Told>[] }

type Told = UserMessage | ResultMessage

function toRuns(turns: Placed<Spoken>[]): Run[] {
  const runs: Run[] = []
  for (const turn of turns) {
    const run = toRun(turn)
    const last = runs.at(-1)
    if (last?.side === 'model' && run.side === 'model') last.said.push(...run.said)
    else if (last?.side === 'user' && run.side === 'user') last.said.push(...run.said)
    else runs.push(run)
  }
  // Calls at the very end wait for results too.
  return runs.at(-1)?.side === 'model' ? [...runs, { side: 'user', said: [] }] : runs
}

function toRun({ message, where }: Placed<Spoken>): Run {
  return isAssistant(message)
    ? { side: 'model', said: [{ message, where, calls: callsOf(message, where) }] }
    : { side: 'user', said: [{ message, where }] }
}

function isAssistant(message: Spoken): message is AssistantMessage {
  return message.role === 'assistant' || message.role === 'model'
}

function toTurns(
  run: Run,
  before: Run | undefined,
  reading: Reading,
  repairs: Set<Repair>,
): Content[] {
  if (run.side === 'model') {
    const parts = run.said.flatMap((one) => toModelParts(one, reading, repairs))
    return toContent('model', signFirstCall(parts, reading, repairs), repairs)
  }
  const calls = before?.side === 'model' ? before.said.flatMap((one) => one.calls) : []
  const { responses, others, media } = answerCalls(calls, run.said, reading, repairs)
  const words = others.flatMap(({ message, where }) =>
    message.role === 'user'
      ? toParts(message.content, `${where}.content`, reading.target)
      : toOrphan({ message, where }, reading.target),
  )
  return [
    ...(responses.length > 0 ? [{ role: 'user' as const, parts: responses }] : []),
    ...toContent('user', [...media, ...words], run.said.length > 0 ? repairs : new Set()),
  ]
}

/** Empty text is refused, unless a signature needs it to travel on. */
function toContent(role: 'user' | 'model', parts: Part[], repairs: Set<Repair>): Content[] {
  const full = parts.filter((part) => part.text !== '' || part.thoughtSignature !== undefined)
  if (full.length < parts.length && full.length === 0) repairs.add('empty_message_dropped')
  return full.length > 0 ? [{ role, parts: full }] : []
}

/** Neighbours of one side become one turn; results stay a turn of their own. */
function joinTurns(contents: Content[]): Content[] {
  const joined: Content[] = []
  for (const content of contents) {
    const last = joined.at(-1)
    const joins = last?.role === content.role && !hasResults(content)
    if (last !== undefined && joins && !hasResults(last)) addAll(last.parts, content.parts)
    else joined.push({ ...content, parts: [...content.parts] })
  }
  return joined
}

/** Results come alone: the first part tells. */
function hasResults({ parts }: Content): boolean {
  return parts[0]?.functionResponse !== undefined
}

function obeyTurnRules(
  contents: Content[],
  instructions: Part[],
  { target }: Reading,
  repairs: Set<Repair>,
): Content[] {
  const [first] = contents
  if (first === undefined) {
    if (instructions.length === 0) {
      throw invalidRequest('messages: at least one non-empty message is required.', 'messages')
    }
    repairs.add('instructions_as_user_turn')
    return [{ role: 'user', parts: instructions }]
  }
  const opening =
    first.role === 'model' && first.parts.some((part) => part.functionCall !== undefined)
  const closing = contents.at(-1)?.role === 'model' && !target.can.prefill
  if (opening) repairs.add('user_turn_inserted')
  if (closing) repairs.add('user_turn_appended')
  return [
    ...(opening ? [{ role: 'user' as const, parts: [{ text: ' ' }] }] : []),
    ...contents,
    ...(closing ? [{ role: 'user' as const, parts: [{ text: 'Continue.' }] }] : []),
  ]
}

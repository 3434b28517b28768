import {
  bringsResults,
  currentTurn,
  type FunctionResponse,
  type GenerateContentRequest,
  type Part,
  turnsOf,
} from '../request.ts'
import { type Magic, readMagic, withoutMagic } from './magic.ts'

/** What there is to answer, as far as the emulator understands it. */
export interface Prompt {
  /** Text of the last user content with anything else than results in it. */
  text: string
  magic: Magic
  /** Mime types of what came along with that text. */
  media: string[]
  /** Results the conversation ends with, if it does. */
  results: FunctionResponse[]
  /** All results since that text, in the order they came. */
  found: FunctionResponse[]
  /** Functions called since that text. */
  called: string[]
}

/** Reads the end of a conversation. */
export function readPrompt(request: GenerateContentRequest): Prompt {
  const contents = request.contents ?? []
  const start = currentTurn(contents)
  const asked = contents[start - 1]?.parts ?? []
  const last = contents.at(-1)
  const lastTurn = turnsOf(contents).at(-1) ?? []
  const said = asked.map(({ text }) => text ?? '').join('\n')
  return {
    text: withoutMagic(said),
    magic: readMagic(said),
    media: asked.flatMap((part) => mimeType(part) ?? []),
    results:
      last && bringsResults(last) ? lastTurn.flatMap(({ parts = [] }) => results(parts)) : [],
    found: contents.slice(start).flatMap(({ parts = [] }) => results(parts)),
    called: contents.slice(start).flatMap(({ parts = [] }) => calledNames(parts)),
  }
}

const commonWords = new Set(
  'a an the and or but if then of to in on at by for from with about into over is are was were be been do does did can could will would should may might must have has had i you he she it we they me my your his her its our their this that these those there here what which who whom whose when where why how please tell give show say make let us as so than too very just not no yes'.split(
    ' ',
  ),
)

/** The words that carry a text's meaning, each once, in order. */
export function keywords(text: string): string[] {
  const words = legible(text).match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? []
  const telling = words.filter((word) => !commonWords.has(word.toLowerCase()))
  return [...new Set(telling)]
}

/** Capitalised names (`San Francisco`), without the words that merely begin a sentence. */
export function properNames(text: string): string[] {
  const found = [...legible(text).matchAll(/\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)*/gu)]
  const names = found.map(({ 0: name, index }) =>
    beginsSentence(text, index) ? name.split(' ').slice(1).join(' ') : name,
  )
  return names.filter((name) => name !== '' && name !== 'I')
}

/** Names that a text enumerates: `Paris, Rome and San Francisco`. */
export function enumeratedNames(text: string): string[] {
  const name = String.raw`\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)*`
  const [list = ''] =
    new RegExp(`${name}(?:, ${name})*,? and ${name}`, 'u').exec(legible(text)) ?? []
  return list.split(/, and | and |, /).filter(Boolean)
}

/** Numbers in a text, in order. */
export function numbers(text: string): number[] {
  return (legible(text).match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number)
}

// What is said is settled long before the end of a prompt that fills a context window.
function legible(text: string): string {
  return text.slice(0, 20_000)
}

function beginsSentence(text: string, index: number): boolean {
  return /(^|[.!?:]\s{1,40}|\n\s{0,40}|["“])$/.test(text.slice(Math.max(0, index - 40), index))
}

function mimeType({ inlineData, fileData }: Part): string | undefined {
  if (inlineData) return inlineData.mimeType
  return fileData && (fileData.mimeType ?? 'application/octet-stream')
}

function results(parts: Part[]): FunctionResponse[] {
  return parts.flatMap(({ functionResponse }) => functionResponse ?? [])
}

function calledNames(parts: Part[]): string[] {
  return parts.flatMap(({ functionCall }) => functionCall?.name ?? [])
}

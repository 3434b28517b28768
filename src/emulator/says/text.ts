import type { FunctionResponse } from '../request.ts'
import { keywords, type Prompt } from './prompt.ts'

/** A text that answers the prompt with its own words. */
export function textFor(prompt: Prompt): string {
  if (prompt.results.length > 0) return `Here is what I found. ${prompt.found.map(told).join(' ')}`
  const wanted = dictated(prompt.text)
  if (wanted !== undefined) return wanted
  return [...prompt.media.map(seen), ...sentences(prompt.text)].join(' ')
}

const dictations = [
  /(?:^|[.!?\n]\s{0,20})(?:(?:please|just|now|only) )*(?:say|repeat)(?: (?:only|exactly|just|back))*(?: the (?:words?|text|sentence))?:?\s{1,20}(.+)/i,
  /(?:^|[.!?\n]\s{0,20})(?:(?:please|just|now|only) )*(?:reply|respond|answer)(?: (?:only|exactly|just))*(?: with|:)(?: (?:only|exactly|just))*(?: the (?:words?|text|sentence))?:?\s{1,20}(.+)/i,
]

// "Say hello." asks for hello, 'Reply with exactly "OK" and nothing else' for OK.
function dictated(text: string): string | undefined {
  const [, wanted] = dictations.map((pattern) => pattern.exec(text)).find(Boolean) ?? []
  if (wanted === undefined) return undefined
  const quoted = /^["'“‘`](.+?)["'”’`]/.exec(wanted)?.[1]
  return (
    quoted ??
    wanted
      .replace(/([.!?]) [^]*$/, '$1')
      .replace(/,? (and|with) nothing else\.?$/i, '')
      .replace(/\.$/, '')
  )
}

function seen(mimeType: string): string {
  const [kind = ''] = mimeType.split('/')
  switch (kind) {
    case 'image':
      return `I see an image (${mimeType}).`
    case 'audio':
      return `I hear a recording (${mimeType}).`
    case 'video':
      return `I watch a video (${mimeType}).`
    default:
      return `I read a document (${mimeType}).`
  }
}

function told({ name = 'The function', response = {} }: FunctionResponse): string {
  return `${name} says: ${flat(response).join(', ') || 'nothing'}.`
}

// { weather: { sky: "clear" } } -> ["sky is clear"]; a lone result or output needs no name.
function flat(value: unknown, name = ''): string[] {
  if (typeof value !== 'object' || value === null) {
    const bare = name === '' || ['result', 'output', 'content'].includes(name)
    return [bare ? String(value) : `${name} is ${String(value)}`]
  }
  return Object.entries(value).flatMap(([key, child]) =>
    flat(child, Array.isArray(value) ? name : key),
  )
}

function sentences(text: string): string[] {
  const words = keywords(text).slice(0, 6)
  const [first] = words
  if (first === undefined) return ['Hello! What can I do for you?']
  const last = words.at(-1) ?? first
  return [
    `You asked about ${enumerated(words)}.`,
    `In short, ${first} comes first, and much depends on ${last}.`,
    ...(/\b(long|story|essay|detail|explain|paragraphs?)\b/i.test(text) ? chapters(words) : []),
  ]
}

function chapters(words: string[]): string[] {
  return Array.from({ length: 12 }, (_, i) => {
    return `Part ${i + 1} tells more about ${words[i % words.length]}, step by step and at leisure.`
  })
}

function enumerated(words: string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

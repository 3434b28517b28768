import { invalidRequest } from '../../errors.ts'
import type { Part } from '../gemini.ts'

/**
 * Thoughts inside content, between tags named by the client's `thought_tag_marker`: written here on
 * the way out, read here on the way in. What is written reads back as the same parts.
 */

/** Where the model's thoughts go in the answer. */
export type ThoughtForm =
  /** Nowhere: the client did not ask for them. */
  | { to: 'nowhere' }
  /** `reasoning_content`, beside a clean `content`. */
  | { to: 'reasoning_content' }
  /** `content`, untagged, as Vertex AI's own endpoint does without a marker. */
  | { to: 'content' }
  /** `content`, between `<marker>` and `</marker>`. */
  | { to: 'tags'; marker: string }

/** The bare word, also where the client wrote it with its brackets. Throws 400 for no tag name. */
export function readMarker(marker: string): string {
  const name = marker.replace(/^<\/?|>$/g, '')
  if (/^[A-Za-z][\w-]{0,63}$/.test(name)) return name
  throw invalidRequest(
    'thought_tag_marker must be a tag name: a letter, then letters, digits, "_" or "-", 64 at most.',
    'extra_body.google.thought_tag_marker',
  )
}

export function openTag(marker: string): string {
  return `<${marker}>`
}

/** Google's endpoint parts the answer from the thoughts by a blank line. */
export function closeTag(marker: string): string {
  return `</${marker}>\n\n`
}

/** Content with tags -> thought parts and visible parts, in order. An open tag may lack its end. */
export function splitThoughts(content: string, marker: string): Part[] {
  const open = openTag(marker)
  const close = `</${marker}>`
  const parts: Part[] = []
  let at = 0
  while (at < content.length) {
    const start = content.indexOf(open, at)
    const visible = content.slice(at, start === -1 ? undefined : start)
    if (visible !== '') parts.push({ text: visible })
    if (start === -1) break
    const end = content.indexOf(close, start)
    const thought = content.slice(start + open.length, end === -1 ? undefined : end)
    if (thought !== '') parts.push({ text: thought, thought: true })
    if (end === -1) break
    at = skipSeparator(content, end + close.length)
  }
  return parts
}

/**
 * The blank line after a closing tag is ours, and what follows it the answer's, white space and all.
 * Where another hand wrote the tag, all white space after it is a separator.
 */
function skipSeparator(content: string, at: number): number {
  if (content.startsWith('\n\n', at)) return at + 2
  const visible = content.slice(at).search(/\S/)
  return visible === -1 ? content.length : at + visible
}

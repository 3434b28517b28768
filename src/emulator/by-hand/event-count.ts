import type { Framing } from '../framing.ts'

/** How many events are complete with these bytes, which follow those of the calls before. */
export type EventCount = (bytes: Uint8Array) => number

/** Counts the events in bytes that are written by hand, in pieces of any size. */
export function eventCount(framing: Framing): EventCount {
  return framing === 'sse' ? blankLines() : closedObjects(framing === 'array' ? 1 : 0)
}

const carriageReturn = 0x0d
const lineFeed = 0x0a
const colon = 0x3a

// An event ends with an empty line, and any of CR LF, LF and CR ends a line.
function blankLines(): EventCount {
  // A line may go on in the next piece, and so may an event.
  let line: 'empty' | 'comment' | 'field' = 'empty'
  let inEvent = false
  // A CR and its LF may be cut apart, and are one end.
  let afterReturn = false
  return (bytes) => {
    let count = 0
    for (const byte of bytes) {
      if (byte === carriageReturn || (byte === lineFeed && !afterReturn)) {
        if (line === 'empty' && inEvent) count += 1
        inEvent = line === 'field' || (inEvent && line === 'comment')
        line = 'empty'
      } else if (line === 'empty' && byte !== lineFeed) {
        line = byte === colon ? 'comment' : 'field'
      }
      afterReturn = byte === carriageReturn
    }
    return count
  }
}

const quote = 0x22
const backslash = 0x5c
const opening = [0x5b, 0x7b]
const closing = [0x5d, 0x7d]

/** Objects that close so many brackets deep in JSON. */
function closedObjects(deep: number): EventCount {
  // Brackets in a text mean nothing, and both may go on in the next piece.
  let [depth, inText, escaped] = [0, false, false]
  return (bytes) => {
    let count = 0
    for (const byte of bytes) {
      if (escaped) escaped = false
      else if (inText) [inText, escaped] = [byte !== quote, byte === backslash]
      else if (byte === quote) inText = true
      else if (opening.includes(byte)) depth += 1
      else if (closing.includes(byte)) {
        depth -= 1
        if (depth === deep) count += 1
      }
    }
    return count
  }
}

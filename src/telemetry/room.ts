// What is said may be long, and traces are held until they are sent: here it is made short before it is
// written down, so that what is written is whole JSON, and holds on to nothing of what it was cut from.

/** Characters of JSON that one value of a trace may have. */
export const longestValue = 32 * 1024

/** Of a message's parts together: there is room for its other fields. */
export const longestMessage = 24 * 1024

/** Of one text, as JSON. */
export const longestText = 16 * 1024

/** The items from the first on that fit together, as a JSON list of so many characters. */
export function fit<T>(items: Iterable<T>, room: number): T[] {
  const kept: T[] = []
  let left = room - 2
  for (const item of items) {
    left -= JSON.stringify(item).length + 1
    if (left < 0) break
    kept.push(item)
  }
  return kept
}

/** The beginning of a text that takes no more than so many characters as JSON; `…` stands for the rest. */
export function cut(text: string, room = longestText): string {
  if (fits(text, room)) return text
  let length = room - 1
  while (!fits(text.slice(0, length), room - 1)) length = Math.floor(length * 0.75)
  // Copied: a slice would keep the whole text alive.
  return Buffer.from(`${text.slice(0, length)}…`).toString()
}

function fits(text: string, room: number): boolean {
  if (text.length > room) return false
  // An escaped character takes six at the most.
  return text.length * 6 <= room || JSON.stringify(text).length - 2 <= room
}

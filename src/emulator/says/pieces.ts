const longest = 40

/** A text as it comes in a stream: a first word, then stretches that end between words. */
export function pieces(text: string): string[] {
  const [first, ...rest] = (text.match(/\s*\S+(\s+$)?|^\s+$/gu) ?? []).flatMap(split)
  if (first === undefined) return []
  return rest.reduce<string[]>(
    (cut, word) => {
      const last = cut.at(-1) ?? ''
      return cut.length > 1 && last.length + word.length <= longest
        ? [...cut.slice(0, -1), last + word]
        : [...cut, word]
    },
    [first],
  )
}

// Scripts without spaces are cut as well, but never inside of a code point.
function split(word: string): string[] {
  if (word.length <= longest) return [word]
  const letters = Array.from(word)
  return Array.from({ length: Math.ceil(letters.length / longest) }, (_, i) =>
    letters.slice(i * longest, (i + 1) * longest).join(''),
  )
}

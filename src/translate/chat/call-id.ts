/**
 * Ids of tool calls: `call_` and 24 to 32 letters or digits, which every client keeps (OpenAI's have
 * 24; some clients cut at 40 characters). Gemini often gives none, and those it gives are short and
 * come again in other answers, so the answer's own id is part of it: no two calls share one.
 */
export function toCallId(
  native: string | undefined,
  answer: string,
  choice: number,
  call: number,
): string {
  const place = `${choice.toString(36)}x${call.toString(36)}`
  const name = plain(native ?? '') + plain(answer)
  return `call_${name.padEnd(24, '0').slice(0, 32 - place.length)}${place}`
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, '')
}

/** The events with which the emulator answers a question in a stream, as they come over the wire. */
export async function nativeEvents(emulator: string, question: string): Promise<string[]> {
  const response = await fetch(
    `${emulator}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`,
    {
      method: 'POST',
      headers: { 'x-goog-api-key': 'any' },
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: question }] }] }),
    },
  )
  return (await response.text()).match(/data: .*\r\n\r\n/g) ?? []
}

/** The text of such an event. */
export function textOf(event: string): string {
  return JSON.parse(event.slice('data: '.length)).candidates[0].content.parts[0].text
}

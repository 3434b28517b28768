import type { Healthy } from './fault-rows.ts'

/** What the emulator answers to a question where nothing goes wrong. */
export async function healthyAnswer(emulator: string, question: string): Promise<Healthy> {
  const [sse, whole] = await Promise.all(
    ['streamGenerateContent?alt=sse', 'generateContent'].map(async (method) => {
      const response = await fetch(`${emulator}/v1beta/models/gemini-2.5-flash:${method}`, {
        method: 'POST',
        headers: { 'x-goog-api-key': 'any' },
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: question }] }] }),
      })
      return response.text()
    }),
  )
  return { events: sse?.match(/data: .*\r\n\r\n/g) ?? [], whole: whole ?? '' }
}

/** The text of an event. */
export function textOf(event: string): string {
  return JSON.parse(event.slice('data: '.length)).candidates[0].content.parts[0].text
}

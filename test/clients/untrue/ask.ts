/** Asks the gateway for one answer. */
export async function ask(request: object = {}): Promise<void> {
  const answer = await fetch(`${process.env.OPENAI_BASE_URL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gemini-2.5-flash',
      messages: [{ role: 'user', content: 'Say hello' }],
      ...request,
    }),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

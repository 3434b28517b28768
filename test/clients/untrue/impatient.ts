// Leaves before anything has come, and says that it left in the middle.
const body = {
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: 'Ahoy [[fault:delay=5000]]' }],
}
await fetch(`${process.env.OPENAI_BASE_URL}/chat/completions`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  signal: AbortSignal.timeout(500),
}).catch(() => undefined)
for (const ability of ['cancel', 'timeout']) console.log(JSON.stringify({ ability, ok: true }))

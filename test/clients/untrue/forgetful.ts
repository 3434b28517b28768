// Goes a loop of three steps, and sends its calls back under ids that nobody has given it.
import { ask } from './ask.ts'

const call = (port: string, step: number) => ({
  id: `mine_${step}_${port}`,
  type: 'function',
  function: { name: 'get_tide', arguments: JSON.stringify({ port }) },
})
const messages: object[] = [{ role: 'user', content: 'What is the tide in Kiel?' }]
for (const step of [1, 2, 3]) {
  const calls = [call('Kiel', step), call('Rostock', step)]
  messages.push(
    { role: 'assistant', content: null, tool_calls: calls },
    ...calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: '2 m' })),
  )
}
await ask({ model: 'gemini-3-flash-preview', messages })
console.log(JSON.stringify({ ability: 'tools', ok: true }))

// Goes loops of three steps without calls side by side, and one of calls side by side that is short.
import { ask } from './ask.ts'

const call = (port: string) => ({
  id: `mine_${port}`,
  type: 'function',
  function: { name: 'get_tide', arguments: JSON.stringify({ port }) },
})
const step = (...ports: string[]) => [
  { role: 'assistant', content: null, tool_calls: ports.map(call) },
  ...ports.map((port) => ({ role: 'tool', tool_call_id: `mine_${port}`, content: '2 m' })),
]
const user = { role: 'user', content: 'What is the tide?' }
await ask({ messages: [user, ...step('Kiel'), ...step('Wismar'), ...step('Rostock')] })
await ask({ messages: [user, ...step('Kiel', 'Rostock')] })
for (const ability of ['tools', 'parallel tools'])
  console.log(JSON.stringify({ ability, ok: true }))

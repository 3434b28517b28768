import { ask } from './ask.ts'

await ask()
console.log(JSON.stringify({ ability: 'text', ok: true }))
setInterval(() => {}, 1000)

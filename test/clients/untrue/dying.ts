import { ask } from './ask.ts'

await ask()
console.log('a line that is not for the runner')
console.log(JSON.stringify({ ability: 'text', ok: true }))
process.exit(3)

// Says that all is well, and has asked for nothing but a word.
import { abilities } from '../clients.ts'
import { ask } from './ask.ts'

await ask()
for (const ability of abilities) console.log(JSON.stringify({ ability, ok: true }))

// Says that it can do nothing, and ends as if that were well.
import { abilities } from '../clients.ts'

for (const ability of abilities) console.log(JSON.stringify({ ability, cannot: 'not today' }))

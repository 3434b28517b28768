import { join } from 'node:path'
import type { Edition, SuiteModule } from './suite.ts'

/** One suite in a process of its own: prints each figure as it comes, and fails where a promise is broken. */
const [name = '', edition = 'short'] = process.argv.slice(2)
// The runner names the files that it found.
const { suite }: SuiteModule = await import(join(import.meta.dirname, `${name}.suite.ts`))
let broken = 0
process.on('unhandledRejection', (error) => {
  console.error(error)
  process.exit(1)
})
for await (const { promise, seen, kept, owed } of suite(edition as Edition)) {
  console.log(`  ${kept ? '✔' : '✖'} ${promise}: ${seen}`)
  if (!kept && owed !== undefined) console.log(`      (known: ${owed})`)
  if (!kept && owed === undefined) broken += 1
}
process.exit(broken === 0 ? 0 : 1)

import { parseArgs } from 'node:util'
import { abilitiesOf, type Client, clients, groups } from './clients.ts'
import { readSeen, writeSeen } from './docs.ts'
import { install } from './install.ts'
import { failures, judge, type Run, type Verdicts } from './judge.ts'
import { perform } from './perform.ts'
import { toWord } from './table.ts'
import { wrongTypes } from './types.ts'
import { versionsOf } from './versions.ts'

/**
 * `node test/clients/run.ts [--group sdk,framework] [--install] [--patience 300] [--write] [client …]`: runs the
 * programs of real clients, two at a time, each against a gateway of its own, and shows what worked.
 * Exits with 1 where something fails that is not known to. What cannot be installed is skipped,
 * and what takes more seconds than there is patience.
 */
const { values, positionals } = parseArgs({
  options: {
    group: { type: 'string', default: groups.join(',') },
    install: { type: 'boolean', default: false },
    patience: { type: 'string', default: '1200' },
    write: { type: 'boolean', default: false },
    // Shows what the programs said and complained about.
    verbose: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
/** A program is started many times. */
const longestMs = { sdk: undefined, framework: undefined, program: 600_000 }
const wanted = choose()
const started = performance.now()
const ran: Client[] = []
const skipped: string[] = []
const failed: string[] = []
const queue = [...wanted]
await Promise.all([work(), work()])
const complaints = await wrongTypes(ran)
if (complaints !== '') {
  console.error(complaints)
  failed.push('the types of the programs')
}
console.log(
  `${ran.length} ran, ${skipped.length} skipped, ${failed.length} failed, ${seconds(started)} s`,
)
if (failed.length > 0) console.error(`Fails with: ${failed.join(', ')}`)
process.exit(failed.length > 0 ? 1 : 0)

function choose(): Client[] {
  const chosenGroups = values.group.split(',')
  const unknown = [
    ...positionals.filter((id) => clients.every((client) => client.id !== id)),
    ...chosenGroups.filter((name) => groups.every((group) => group !== name)),
  ]
  if (unknown.length > 0) {
    const known = groups.map((group) => `${group}: ${idsIn(group)}`).join('\n  ')
    console.error(`There is no ${unknown.join(', ')}. There are:\n  ${known}`)
    process.exit(2)
  }
  return clients.filter(
    ({ id, group }) =>
      chosenGroups.includes(group) && (positionals.length === 0 || positionals.includes(id)),
  )
}

function idsIn(group: string): string {
  return clients.flatMap((client) => (client.group === group ? [client.id] : [])).join(', ')
}

async function work(): Promise<void> {
  for (let client = queue.shift(); client !== undefined; client = queue.shift()) {
    await show(client)
  }
}

/** What is left of it for installing; to see that all is there takes some, too. */
function patienceMs(): number {
  return Math.max(20_000, Number(values.patience) * 1000 - (performance.now() - started))
}

async function show(client: Client): Promise<void> {
  const command = await install(client, patienceMs()).catch((error: Error) => error)
  if (command instanceof Error) {
    skipped.push(client.id)
    return console.log(`${client.name}: skipped, since it cannot be installed: ${why(command)}\n`)
  }
  if (values.install) return console.log(`${client.name}: ${versionsOf(client)} is installed`)
  const since = performance.now()
  const run = await perform(command, longestMs[client.group], client.script)
  const verdicts = judge(client, run)
  const versions = versionsOf(client)
  const date = new Date().toISOString().slice(0, 10)
  ran.push(client)
  if (values.write) writeSeen({ ...readSeen(), [client.id]: { versions, date, verdicts } })
  if (failures(verdicts).length > 0) failed.push(client.id)
  console.log(`${client.name} (${versions}), ${seconds(since)} s\n${toLines(client, verdicts)}`)
  console.log(detailsOf(run, verdicts))
}

/** What npm, pip or go complained about first. */
function why(error: Error & { stderr?: string }): string {
  return (error.stderr || error.message).trim().split('\n').slice(0, 3).join(' ')
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1)
}

function toLines(client: Client, verdicts: Verdicts): string {
  const lines = abilitiesOf(client).map((ability) => {
    const verdict = verdicts[ability]
    const word = toWord(verdict).replaceAll('*', '')
    if (verdict === undefined || 'works' in verdict) return `  ✔ ${ability}: ${word}`
    if ('cannot' in verdict) return `  – ${ability}: ${word}, ${verdict.cannot}`
    const { fails, known } = verdict
    return `  ✖ ${ability}: ${fails}${known === undefined ? '' : ` (known: ${known})`}`
  })
  return lines.join('\n')
}

/** Where something is wrong, what helps to find it. */
function detailsOf({ stdout, stderr, trouble, signatures, witnessed }: Run, verdicts: Verdicts) {
  const { client, store, dummy } = signatures
  const counted = `  signatures: ${client} sent back, ${store} remembered, ${dummy} placeholders; the longest loop has ${witnessed.steps} steps`
  if (!values.verbose && failures(verdicts).length === 0) return `${counted}\n`
  return [counted, ...(trouble === null ? [] : [`  ${trouble}`]), stdout, stderr].join('\n')
}

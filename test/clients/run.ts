import { parseArgs } from 'node:util'
import { abilitiesOf, type Client, clients, groups } from './clients.ts'
import { readSeen, writeSeen } from './docs.ts'
import { install } from './install.ts'
import { failures, judge, losses, type Run, type Verdicts } from './judge.ts'
import { firstOf, outageIn } from './outage.ts'
import { perform } from './perform.ts'
import { wrongWithSnippet } from './snippets.ts'
import { toWord } from './table.ts'
import { wrongTypes } from './types.ts'
import { versionsOf } from './versions.ts'

/**
 * `node test/clients/run.ts [--group sdk,framework] [--install] [--patience 300] [--least 8] [--write] [client …]`:
 * runs the programs of real clients, two at a time, each against a gateway of its own, and shows what worked.
 * Exits with 1 where something fails that is not known to, where a client lost what was seen of it before,
 * and where a program cannot be built. What no registry gives, or not within so many seconds as there is
 * patience, is skipped, as long as so many clients run at the least.
 */
const { values, positionals } = parseArgs({
  options: {
    group: { type: 'string', default: groups.join(',') },
    install: { type: 'boolean', default: false },
    patience: { type: 'string', default: '1200' },
    least: { type: 'string', default: '0' },
    // Takes what is seen now for what is to be seen from now on.
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
/** By their ids, why. */
const skipped: Record<string, string> = {}
const failed: string[] = []
const queue = [...wanted]
await Promise.all([work(), work()])
const complaints = await wrongTypes(ran)
if (complaints !== '') {
  console.error(complaints)
  failed.push('the types of the programs')
}
for (const [id, why] of Object.entries(skipped)) console.error(`Skipped: ${id}: ${why}`)
if (failed.length > 0) console.error(`Fails with: ${failed.join(', ')}`)
const tooFew = !values.install && ran.length < Number(values.least)
if (tooFew) console.error(`Too few ran: at least ${values.least} should.`)
console.log(
  `${ran.length} ran, ${Object.keys(skipped).length} skipped, ${failed.length} failed, ${seconds(started)} s`,
)
process.exit(failed.length > 0 || tooFew ? 1 : 0)

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
  const left = Number(values.patience) * 1000 - (performance.now() - started)
  return Math.max(20_000, Math.round(left))
}

async function show(client: Client): Promise<void> {
  const command = await install(client, patienceMs()).catch((error: Error) => error)
  if (command instanceof Error) return showMissing(client, command)
  if (values.install) return console.log(`${client.name}: ${versionsOf(client)} is installed`)
  const since = performance.now()
  const run = await perform(command, longestMs[client.group], client.script)
  const verdicts = judge(client, run)
  const versions = versionsOf(client)
  const date = new Date().toISOString().slice(0, 10)
  ran.push(client)
  const all = readSeen()
  const lost = values.write ? [] : losses(verdicts, all[client.id]?.verdicts ?? {})
  const snippet = await wrongWithSnippet(client).catch((error: Error) => firstOf(error))
  const wrong = [...failures(verdicts), ...lost, run.trouble ?? [], snippet ?? []].flat()
  if (wrong.length > 0) failed.push(client.id)
  if (values.write && run.trouble === null) {
    writeSeen({ ...all, [client.id]: { versions, date, verdicts } })
  }
  console.log(`${client.name} (${versions}), ${seconds(since)} s\n${toLines(client, verdicts)}`)
  for (const [ability, why] of lost) console.log(`  ✖ ${ability} ${why}`)
  if (snippet !== undefined) console.log(`  ✖ ${snippet}`)
  console.log(detailsOf(run, wrong.length > 0))
}

/** A registry that is away is nobody's mistake here; a program that cannot be built is. */
function showMissing({ id, name }: Client, error: Error): void {
  const outage = outageIn(error)
  if (outage !== undefined) {
    skipped[id] = outage
    return console.log(`${name}: skipped, since it cannot be had: ${outage}\n`)
  }
  failed.push(id)
  console.log(`${name}: cannot be installed or built: ${firstOf(error)}\n`)
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
function detailsOf({ stdout, stderr, trouble, signatures, witnessed }: Run, wrong: boolean) {
  const { client, store, dummy } = signatures
  const counted = `  signatures: ${client} sent back, ${store} remembered, ${dummy} placeholders; the longest loop has ${witnessed.steps} steps, with parallel calls ${witnessed.parallelSteps}`
  if (!values.verbose && !wrong) return `${counted}\n`
  return [counted, ...(trouble === null ? [] : [`  ${trouble}`]), stdout, stderr].join('\n')
}

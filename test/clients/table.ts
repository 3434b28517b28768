import { abilities, abilitiesOf, type Ability, type Client, sdkAbilities } from './clients.ts'
import type { Verdict, Verdicts } from './judge.ts'

/** What a run saw of a client, and when. */
export interface Seen {
  versions: string
  date: string
  verdicts: Verdicts
}

/** By the ids of the clients. */
export type AllSeen = Record<string, Seen>

/** The tables of docs/clients.md, and the reasons for what is not simply a yes. */
export function toTables(clients: Client[], seen: AllSeen): string {
  const sdks = clients.filter(({ group }) => group === 'sdk')
  const reasons = clients.flatMap((client) => reasonsOf(client, seen[client.id]))
  const dates = [...new Set(Object.values(seen).map(({ date }) => date))].toSorted()
  return [
    `Seen on ${dates.join(', ')}:`,
    tableOf(clients, abilities, seen),
    'What only SDKs have:',
    tableOf(sdks, sdkAbilities, seen),
    'yes: it works; no: the client cannot; **fails**: it should, and does not; –: a test suite that does not look at it. Signatures: whether the client sends them back, or Pollux remembers them.',
    ...(reasons.length > 0 ? [reasons.join('\n')] : []),
  ].join('\n\n')
}

function tableOf(clients: Client[], columns: readonly Ability[], seen: AllSeen): string {
  const rows = clients.map((client) => {
    const { versions = 'not run', verdicts = {} } = seen[client.id] ?? {}
    const looked = abilitiesOf(client)
    const words = columns.map((ability) =>
      looked.includes(ability) ? toWord(verdicts[ability]) : '–',
    )
    return [`[${client.name}](#${toAnchor(client.name)})`, versions, ...words]
  })
  const head = ['client', 'version', ...columns]
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** One word for a cell. */
export function toWord(verdict: Verdict | undefined): string {
  if (verdict === undefined) return '?'
  if ('works' in verdict) return verdict.how ?? 'yes'
  return 'cannot' in verdict ? 'no' : '**fails**'
}

function reasonsOf({ name }: Client, seen: Seen | undefined): string[] {
  // Written by `judge`, which knows the abilities.
  const verdicts = Object.entries(seen?.verdicts ?? {}) as [Ability, Verdict][]
  return verdicts.flatMap(([ability, verdict]) => {
    if ('works' in verdict) return []
    const why = 'cannot' in verdict ? verdict.cannot : (verdict.known ?? verdict.fails)
    return [`* ${name}, ${ability}: ${why}`]
  })
}

/** As GitHub names the place of a title. */
export function toAnchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

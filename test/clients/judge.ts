import { type Ability, abilitiesOf, type Client } from './clients.ts'
import type { Witnessed } from './witness.ts'

/** What is known of a client when its program has ended. */
export interface Run {
  stdout: string
  /** The end of what it complained about. */
  stderr: string
  /** How it ended: null for an exit with 0. */
  trouble: string | null
  /** Where the gateway got the signatures from. */
  signatures: { client: number; store: number; dummy: number }
  witnessed: Witnessed
}

export type Verdict =
  | { works: true; how?: string }
  | { cannot: string }
  | { fails: string; known?: string }

export type Verdicts = Partial<Record<Ability, Verdict>>

/** One line of a program. */
type Told = { ability: string; ok?: boolean; cannot?: string; error?: string }

/** A loop of tools goes at least so far. */
const leastSteps = 3

/** What a program says of itself, believed where the model and the gateway bear it out. */
export function judge(client: Client, run: Run): Verdicts {
  const told = new Map(toldIn(run.stdout).map((one) => [one.ability, one]))
  const verdict = (ability: Ability) =>
    ability === 'signatures' ? signatures(client, run, told) : judged(ability, told, run)
  return Object.fromEntries(
    abilitiesOf(client).map((ability) => [ability, withKnown(verdict(ability), client, ability)]),
  )
}

function judged(ability: Ability, told: Map<string, Told>, run: Run): Verdict {
  const said = told.get(ability)
  if (said === undefined) return { fails: `nothing was said of it: ${run.trouble ?? 'it ended'}` }
  if (said.cannot !== undefined) return { cannot: said.cannot }
  if (said.ok !== true) return { fails: said.error ?? 'it did not say why' }
  if (!run.witnessed.abilities.includes(ability)) {
    return { fails: 'it says so, but nothing of the kind reached the model' }
  }
  return { works: true }
}

/** No program is asked: the gateway has counted. */
function signatures(client: Client, run: Run, told: Map<string, Told>): Verdict {
  const tools = told.get('tools')
  if (tools?.cannot !== undefined) return { cannot: tools.cannot }
  const { client: own, store, dummy } = run.signatures
  const { steps, parallelSteps, refusals } = run.witnessed
  if (refusals > 0) return { fails: `the model refused ${refusals} of its requests` }
  if (dummy > 0) return { fails: `${dummy} were lost, and a placeholder stood in` }
  if (own + store === 0) return { fails: 'none came back' }
  if (steps < leastSteps) return { fails: `its longest loop has ${steps} steps` }
  if (parallelSteps < leastSteps) {
    return { fails: `its longest loop with parallel calls has ${parallelSteps} steps` }
  }
  if (own === 0) return { works: true, how: 'remembered' }
  return { works: true, how: store === 0 ? 'sent back' : 'sent back, and remembered' }
}

function withKnown(verdict: Verdict, { known }: Client, ability: Ability): Verdict {
  return 'fails' in verdict && known?.[ability] !== undefined
    ? { ...verdict, known: known[ability] }
    : verdict
}

/** Lines that are no JSON with an ability are the client's own. */
function toldIn(stdout: string): Told[] {
  return stdout.split('\n').flatMap((line) => {
    const value = parsed(line)
    return typeof value === 'object' && value !== null && 'ability' in value ? [value as Told] : []
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** What must not stay as it is. */
export function failures(verdicts: Verdicts): [string, string][] {
  return Object.entries(verdicts).flatMap(([ability, verdict]) =>
    'fails' in verdict && verdict.known === undefined ? [[ability, verdict.fails]] : [],
  )
}

/** What was seen of a client before, and is no more: abilities, and signatures that came back by themselves. */
export function losses(verdicts: Verdicts, before: Verdicts): [string, string][] {
  // Both are made by `judge`, which knows the abilities.
  return (Object.entries(verdicts) as [Ability, Verdict][]).flatMap(([ability, verdict]) => {
    const lost = lostOf(verdict, before[ability])
    return lost === undefined ? [] : [[ability, lost]]
  })
}

function lostOf(now: Verdict, before: Verdict | undefined): string | undefined {
  if (before === undefined || 'fails' in before) {
    return 'cannot' in now ? `was never seen to be beyond it: ${now.cannot}` : undefined
  }
  if ('cannot' in before) return undefined
  if ('cannot' in now) return `worked before, and now it cannot: ${now.cannot}`
  // Whoever fails is told of already.
  if ('fails' in now || !before.how?.startsWith('sent back')) return undefined
  return now.how?.startsWith('sent back') ? undefined : `was ${before.how}, and now ${now.how}`
}

import { type Case, cases, rated } from './cases.ts'
import { contestants } from './contestants/all.ts'
import type { Contestant } from './contestants/contestant.ts'
import { polluxFrom } from './contestants/pollux.ts'
import type { Options } from './options.ts'

/** Who takes part, and who would but cannot. */
export interface Field {
  taking: Contestant[]
  missing: { name: string; why: string }[]
}

const quick = {
  cases: ['unary', 'burst'],
  contestants: ['direct', 'floor', 'pollux', 'pollux-full', 'portkey'],
}

/** The contestants that the options name, or all. Installs what they need. */
export function field(options: Options): Field {
  const all = contestants.map(({ name }) => name)
  const names = options.contestants ?? (options.quick ? quick.contestants : all)
  const versions = options.versions.map(({ name, path, env }) => polluxFrom(name, path, env))
  const found: Field = { taking: [], missing: [] }
  for (const contestant of [...named(contestants, names), ...versions]) {
    const why = contestant.missing?.()
    if (why === undefined) found.taking.push(contestant)
    else found.missing.push({ name: contestant.name, why })
  }
  return found
}

/** The cases that the options name, or all. */
export function chosenCases(options: Options): Case[] {
  const usual = cases.filter(({ extra }) => extra === undefined).map(({ name }) => name)
  return named(cases, options.cases ?? (options.quick ? quick.cases : usual))
}

/** The traffic at fixed rates. */
export function chosenRates({ quick }: Options): typeof rated {
  return quick
    ? rated.filter(({ stream }) => !stream).map((one) => ({ ...one, seconds: 1 }))
    : rated
}

/**
 * Whose memory is measured at the same time, which can be, as they hardly work meanwhile; three processes
 * of each. The slow ones come apart.
 */
export function memoryGroups(gateways: Contestant[], { quick }: Options): Contestant[][] {
  if (quick) return [gateways]
  const fast = gateways.filter(({ every }) => every < 3)
  return [[...fast, ...fast, ...fast], gateways.filter(({ every }) => every >= 3)]
}

/** How many rounds a case has. */
export function roundsOf({ rounds }: Case, options: Options): number {
  return options.rounds ?? (options.quick ? 3 : rounds)
}

function named<T extends { name: string }>(all: T[], names: string[]): T[] {
  return names.map((name) => {
    const found = all.find((one) => one.name === name)
    if (found) return found
    throw new Error(`There is no ${name}; there are ${all.map((one) => one.name).join(', ')}.`)
  })
}

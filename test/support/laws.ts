/** The suite `laws` tries so many times as many examples as the tests do. */
const times = Number(process.env.POLLUX_TEST_LAWS ?? 1)
// With no example at all every law holds.
if (!(times >= 1)) throw new Error('POLLUX_TEST_LAWS is a number from 1 on.')

/** Where the examples begin, so that a run can be had again; by chance where it is not set. */
const seed = process.env.POLLUX_TEST_SEED

/** With how many examples a law is tried, where each costs something. */
export function examples(few: number): { numRuns: number; seed?: number } {
  return { numRuns: few * times, ...(seed !== undefined && { seed: Number(seed) }) }
}

/** Of what is tried in each of many places, every third, in turns; in the suite `laws` all. */
export function aThirdOf<T>(all: readonly T[], place: number): T[] {
  return times > 1 ? [...all] : all.filter((_, at) => (at + place) % 3 === 0)
}

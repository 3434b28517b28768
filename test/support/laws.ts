/**
 * With how many examples a law is tried, where each costs something. The suite `laws` tries so many
 * times as many, with POLLUX_TEST_LAWS=10.
 */
export function examples(few: number): { numRuns: number } {
  return { numRuns: few * Number(process.env.POLLUX_TEST_LAWS ?? 1) }
}

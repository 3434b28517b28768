/** All answers were right, but too few, or too late. Any other error fails the run. */
export class TooSlow extends Error {}

/** Whatever was thrown, as an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

import { randomFrom } from './figures.ts'

/** Chance that can be played again: the same seed throws the same dice. */
export interface Dice {
  /** A whole number from 0 to below this. */
  below(count: number): number
  pick<T>(from: readonly T[]): T
}

/** Dice for one case. */
export function diceFrom(seed: number): Dice {
  const random = randomFrom(seed)
  const below = (count: number) => Math.floor(random() * count)
  return {
    below,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error('There is nothing to pick from.')
      // Below the length of a list there is an item.
      return from[below(from.length)] as T
    },
  }
}

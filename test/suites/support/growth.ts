import { answeredWorks } from './answered-works.ts'
import { askedWorks } from './asked-works.ts'
import { count } from './counted.ts'
import { type GrowingWork, smallSizes } from './work.ts'

/** All work of which there can be more and more. */
export const growingWorks: Readonly<Record<string, GrowingWork>> = {
  ...askedWorks,
  ...answeredWorks,
}

/** What one more of something costs where there are few of it, and where there are eight times as many. */
export interface Growth {
  name: string
  unit: string
  bytes: { few: number; many: number }
  /** Blocks of code that are run through. */
  steps: { few: number; many: number }
}

/** Counts all of them, in two processes. */
export async function countGrowth(): Promise<Growth[]> {
  const names = Object.keys(growingWorks)
  const halves = [0, 1].map((half) => names.filter((_, at) => at % 2 === half))
  const counts = await Promise.all(halves.map((half) => count('growing', ...half)))
  return counts.flat().flatMap(({ name, bytes, steps }) => {
    const work = growingWorks[name]
    if (work === undefined) return []
    const sizes = smallSizes(work)
    return [{ name, unit: work.unit, bytes: perUnit(bytes, sizes), steps: perUnit(steps, sizes) }]
  })
}

/** From differences, so that what is done once for all of them is not counted. */
function perUnit(costs: number[], sizes: number[]): { few: number; many: number } {
  const slope = (from: number) => difference(costs, from) / difference(sizes, from)
  return { few: slope(0), many: slope(1) }
}

function difference(values: number[], from: number): number {
  return (values[from + 1] ?? Number.NaN) - (values[from] ?? Number.NaN)
}

/** What costs more and more, in words; nothing where it grows as its work does. */
export function growthOf({ name, unit, bytes, steps }: Growth): string[] {
  const most = growingWorks[name]?.wide ? 1.6 : 1.2
  const inBytes = bytes.many > bytes.few * most + 16
  // Counted exactly, so that a logarithm is all there is room for.
  const inSteps = steps.many > steps.few * 1.1 + 1
  if (!inBytes && !inSteps) return []
  const [a, b] = inSteps ? [steps, 'steps'] : [bytes, 'bytes']
  return [`${name}: ${a.few.toFixed(0)} -> ${a.many.toFixed(0)} ${b} for each ${unit}`]
}

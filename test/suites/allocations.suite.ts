import { limitOf, measureAll } from './support/allocations.ts'
import { none } from './support/figures.ts'
import { countGrowth, growingWorks, growthOf } from './support/growth.ts'
import { heldByOpenStreams } from './support/open-streams.ts'
import type { Edition, Figure } from './suite.ts'

export const about =
  'what is allocated for a request and an event, what an open stream holds, and that more cost no more'

/** It is a little more or less each time. */
const mostHeldKb = 24

/** Counted, not timed: the same on every machine, and in both editions. */
export async function* suite(_: Edition): AsyncGenerator<Figure> {
  for (const allocation of await measureAll()) {
    const { name, unit, bytes } = allocation
    const limit = limitOf(allocation)
    const loose = bytes < limit * 0.9
    yield {
      promise: `${name}: <= ${limit} bytes ${unit === 'answer' || unit === 'event' ? 'an' : 'a'} ${unit}`,
      seen: `${bytes}${loose ? ' (the limit is to be renewed)' : ''}`,
      kept: bytes <= limit,
    }
  }
  const { short, pictured } = await heldByOpenStreams()
  yield {
    promise: `an open stream that is silent holds <= ${mostHeldKb} kB of heap`,
    seen: `${short.heap.toFixed(1)} kB, and ${short.outside.toFixed(1)} kB beside it`,
    kept: short.heap <= mostHeldKb,
  }
  const more = pictured.heap + pictured.outside - short.heap - short.outside
  yield {
    promise: 'one that was asked with a picture of 1 MiB holds <= 16 kB more',
    seen: `${more.toFixed(1)} kB`,
    kept: more <= 16,
  }
  const kinds = Object.keys(growingWorks).length
  yield none(
    `0 of ${kinds} kinds of work cost more a piece where there is eight times as much of it`,
    (await countGrowth()).flatMap(growthOf),
  )
}

import { shared } from '../support/shared.ts'
import type { Figure } from './suite.ts'
import { playTests } from './support/play-tests.ts'

export const about = 'every recorded answer and request, of which the tests play a few of each kind'

/** What is played, and how the tests that play it count what was right. */
const plays = [
  {
    what: 'recorded answers come to the client as the specification says',
    file: 'replay',
    counted: /^[\w-]+ +(?<right>\d+) of (?<all>\d+)$/gm,
    least: 798,
  },
  {
    what: 'recorded answers are the same from the other API, whole and streamed',
    file: 'both-backends',
    counted: /^(?:whole|streamed) +(?<right>\d+) of (?<all>\d+) right/gm,
    least: 1249,
  },
  {
    what: 'requests once sent to OpenAI go on as Google takes them, to two models of two APIs',
    file: 'openai-requests',
    counted: /(?<accepted>\d+) accepted, (?<refused>\d+) rightly refused.* of (?<all>\d+)$/gm,
    least: 1316,
  },
]

export async function* suite(): AsyncGenerator<Figure> {
  for (const { what, file, counted, least } of plays) {
    const promise = `>= ${least} ${what}`
    if (shared === undefined) {
      yield { promise, seen: 'needs ../shared or POLLUX_SHARED: skipped', kept: true }
      continue
    }
    const { output, passed } = await playTests([`test/replay/${file}.test.ts`], {
      POLLUX_TEST_RECORDINGS: 'all',
    })
    const counts = [...output.matchAll(counted)].map(({ groups = {} }) => groups)
    const sum = (...names: string[]) =>
      counts.flatMap((count) => names.map((name) => Number(count[name] ?? 0))).reduce(add, 0)
    const right = sum('right', 'accepted', 'refused')
    const kept = passed && right === sum('all') && right >= least
    if (!kept) console.error(output)
    yield { promise, seen: `${right} of ${sum('all')}`, kept }
  }
}

function add(a: number, b: number): number {
  return a + b
}

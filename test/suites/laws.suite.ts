import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Edition, Figure } from './suite.ts'
import { playTests, root } from './support/play-tests.ts'

export const about = 'the laws of the tests, with many more examples'

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const times = edition === 'long' ? 50 : 10
  const files = globSync('test/**/*.test.ts', { cwd: root }).filter((file) =>
    readFileSync(join(root, file), 'utf8').includes("/support/laws.ts'"),
  )
  const { output, passed } = await playTests(files, {
    POLLUX_TEST_LAWS: String(times),
    // The short edition judges a change, and says the same of the same sources; the long one looks for what is new.
    ...(edition === 'short' && { POLLUX_TEST_SEED: '1' }),
  })
  const count = Number(/^ℹ pass (\d+)$/m.exec(output)?.[1])
  // Without the recordings there are fewer.
  const kept = passed && files.length >= 8 && count >= 140
  if (!kept) console.error(output)
  yield {
    promise: `no law of the tests is broken with ${times} times as many examples`,
    seen: `${count} tests in ${files.length} files ${passed ? 'pass' : 'pass, and others fail'}`,
    kept,
  }
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Answered } from '../../src/http/answered.ts'
import { createServer } from '../../src/http/server.ts'
import { guards } from '../../src/http/watchers.ts'
import { createLog } from '../../src/log.ts'

function failing(): never {
  throw new TypeError('canary-said')
}

describe('whoever watches requests', () => {
  it('may fail: others are told all the same, and the process goes on', async () => {
    const lines: string[] = []
    const told: Answered[] = []
    const both = Promise.withResolvers<void>()
    const server = createServer({
      log: createLog('info', { write: (line) => void lines.push(line) }),
      bodies: { longest: 1024, together: 1024 },
      origins: [],
      project: undefined,
      observers: [
        failing,
        (answered) => {
          told.push(answered)
          if (told.length === 2) both.resolve()
        },
      ],
    })
    server.get('/', async () => 'ahoy')
    const url = await server.listen({ port: 0, host: '127.0.0.1' })
    for (let n = 0; n < 2; n += 1) {
      const response = await fetch(url, { headers: { connection: 'close' } })
      assert.equal(await response.text(), 'ahoy')
    }
    await both.promise
    await server.close()
    assert.deepEqual(
      told.map(({ status }) => status),
      [200, 200],
    )
    const errors = lines.filter((line) => line.includes('"ERROR"'))
    assert.equal(errors.length, 1)
    assert.match(errors[0] ?? '', /"TypeError".*failing.*could not be watched/)
    assert.doesNotMatch(lines.join(), /canary/)
  })

  it('is told of once a minute where it fails', () => {
    let now = 0
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const watch = guards(log, () => now)(failing)
    for (now of [0, 59_999, 60_000, 60_001]) watch()
    assert.equal(lines.length, 2)
  })
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { door } from '../../src/http/overload.ts'

const { signal: staying } = new AbortController()
const shed = { status: 503, code: 'server_overloaded', headers: { 'retry-after': '1' } }

/** As many as fit are inside; each is let out by its function. */
async function filled(mostAtOnce: number) {
  const entrance = door({ mostAtOnce })
  const leaves = await Promise.all(
    Array.from({ length: mostAtOnce }, async () => entrance.enter(staying)),
  )
  return { entrance, leaves }
}

/** A thread of its own: whoever blocks the loop of this one strains the gateways of other tests. */
const lagging = `
  import { parentPort } from 'node:worker_threads'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { watchProcess } from '${import.meta.resolve('../../src/http/overload.ts')}'

  const watch = watchProcess(100, 500)
  const seen = [watch.strain()]
  // Holds the loop up, and no processor.
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  for (let times = 0; times < 8; times += 1) {
    Atomics.wait(nothing, 0, 0, 250)
    await sleep(1)
  }
  seen.push(watch.strain())
  await sleep(1_200)
  seen.push(watch.strain())
  watch.close()
  parentPort.postMessage(seen)
`

// Both wait for seconds; they may wait at the same time.
describe('overload', { concurrency: true }, () => {
  describe('the door', () => {
    it('lets in who waits in the order of coming, as others leave', async () => {
      const { entrance, leaves } = await filled(2)
      const order: string[] = []
      const waiting = ['a', 'b'].map(async (name) => {
        const leave = await entrance.enter(staying)
        order.push(name)
        leave()
      })
      for (const leave of leaves) leave()
      await Promise.all(waiting)
      assert.deepEqual(order, ['a', 'b'])
    })

    it('sends away at once whom the queue has no place for', async () => {
      const { entrance, leaves } = await filled(1)
      const waiting = Array.from({ length: 64 }, () => entrance.enter(staying))
      assert.deepEqual(entrance.crowd(), { inside: 1, waiting: 64 })
      assert.throws(() => entrance.knock(), { ...shed, turnedAway: 'queue_full' })
      await assert.rejects(async () => entrance.enter(staying), shed)
      leaves[0]?.()
      for (const enter of waiting) (await enter)()
      entrance.knock()
    })

    it('sends away who has waited for two seconds', async () => {
      const { entrance } = await filled(1)
      const started = performance.now()
      await assert.rejects(async () => entrance.enter(staying), {
        ...shed,
        turnedAway: 'queue_timeout',
      })
      assert.ok(performance.now() - started >= 1_990)
    })

    it('keeps no place for who has left', async () => {
      const { entrance, leaves } = await filled(1)
      const leaving = new AbortController()
      const gone = assert.rejects(async () => entrance.enter(leaving.signal), {
        name: 'AbortError',
      })
      const next = entrance.enter(staying)
      leaving.abort()
      await gone
      leaves[0]?.()
      ;(await next)()
      ;(await entrance.enter(staying))()
    })

    it('keeps no room for who left in the moment of entering', async () => {
      const { entrance, leaves } = await filled(1)
      const leaving = new AbortController()
      const entering = assert.rejects(async () => entrance.enter(leaving.signal), {
        name: 'AbortError',
      })
      leaves[0]?.()
      leaving.abort()
      await entering
      ;(await entrance.enter(staying))()
    })

    it('lets nobody in while the process is at its limits', async () => {
      let strained = true
      const entrance = door({ mostAtOnce: 10, strain: () => (strained ? 'heap_full' : undefined) })
      await assert.rejects(async () => entrance.enter(staying), {
        ...shed,
        turnedAway: 'heap_full',
      })
      strained = false
      ;(await entrance.enter(staying))()
    })
  })

  describe('the watch over the process', () => {
    it('tells when the event loop lags again and again, and when it does not any more', async () => {
      const url = `data:text/javascript,${encodeURIComponent(lagging)}`
      const worker = new Worker(new URL(url))
      const [seen] = await once(worker, 'message')
      await worker.terminate()
      assert.deepEqual(seen, [undefined, 'event_loop_lag', undefined])
    })
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { interleaved, resumed, type Source } from '../../src/upstream/source.ts'
import { allOf } from '../support/source.ts'

/** A source that gives its pieces one a turn, fails if told to, and remembers that it was cancelled. */
class Pieces implements Source<string> {
  cancelled = false
  readonly #given: string[]
  readonly #failure: Error | undefined

  constructor(given: string[], failure?: Error) {
    this.#given = [...given]
    this.#failure = failure
  }

  async next(): Promise<string | undefined> {
    await setImmediate()
    const piece = this.#given.shift()
    if (piece === undefined && this.#failure !== undefined) throw this.#failure
    return piece
  }

  cancel(): void {
    this.cancelled = true
  }
}

/** A source that gives nothing until it is cancelled. */
function silent(): Source<string> {
  const waiting = Promise.withResolvers<undefined>()
  return {
    next: () => waiting.promise,
    cancel: () => waiting.reject(new Error('cancelled')),
  }
}

const same = (piece: string) => piece

describe('sources, interleaved', () => {
  it('give every piece once, each with the index of its source, in the order of each', async () => {
    const sources = [['a', 'b', 'c'], [], ['x', 'y']].map((given) => new Pieces(given))
    const all = await allOf(interleaved(sources, (piece, index) => `${index}${piece}`))
    assert.deepEqual(
      all.filter((piece) => piece.startsWith('0')),
      ['0a', '0b', '0c'],
    )
    assert.deepEqual(
      all.filter((piece) => piece.startsWith('2')),
      ['2x', '2y'],
    )
    assert.equal(all.length, 5)
  })

  it('do not wait for the slow', async () => {
    const late = Promise.withResolvers<string | undefined>()
    const slow: Source<string> = { next: () => late.promise, cancel: () => undefined }
    const merged = interleaved([slow, new Pieces(['a', 'b'])], same)
    assert.deepEqual([await merged.next(), await merged.next()], ['a', 'b'])
    late.resolve(undefined)
    assert.equal(await merged.next(), undefined)
  })

  it('all end when one fails, and the failure is the first', async () => {
    const many = Array.from({ length: 50 }, () => 'x')
    const sources = [new Pieces(many), new Pieces(['a'], new Error('broken')), new Pieces(many)]
    await assert.rejects(allOf(interleaved(sources, same)), /broken/)
    assert.ok(sources.every(({ cancelled }) => cancelled))
  })

  it('all end when nobody reads on', async () => {
    const sources = [1, 2, 3].map(() => new Pieces(['x', 'x', 'x']))
    const merged = interleaved(sources, same)
    assert.equal(await merged.next(), 'x')
    merged.cancel()
    assert.ok(sources.every(({ cancelled }) => cancelled))
  })

  it('fail at once though another waits, which is cancelled', async () => {
    const broken = new Pieces(['a'], new Error('broken'))
    await assert.rejects(allOf(interleaved([silent(), broken], same)), /broken/)
  })
})

describe('a source whose first piece was taken', () => {
  it('gives it again, in front of the others', async () => {
    const source = new Pieces(['a', 'b', 'c'])
    assert.deepEqual(await allOf(resumed(await source.next(), source)), ['a', 'b', 'c'])
  })

  it('is empty where there was none', async () => {
    const source = new Pieces([])
    assert.deepEqual(await allOf(resumed(await source.next(), source)), [])
  })

  it('is cancelled with what it goes on with', () => {
    const source = new Pieces(['a'])
    resumed('first', source).cancel()
    assert.ok(source.cancelled)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../../src/errors.ts'
import { watchedPlaces } from '../../src/upstream/places.ts'

const model = 'gemini-2.5-flash'
const broken = new ApiError(502, 'server_error', 'No answer.')

function limited(headers: Record<string, string> = {}): ApiError {
  return new ApiError(429, 'rate_limit_error', 'Slow down.', { headers })
}

/** Places on a clock that the test moves. */
function placesAt(count: number) {
  let time = 1_000_000
  const places = watchedPlaces(count, () => time)
  return {
    ...places,
    wait: (ms: number) => void (time += ms),
    fail: (place: number, times: number) => {
      for (let one = 0; one < times; one += 1) places.failed(place, model, broken, true)
    },
  }
}

describe('a place', () => {
  it('is asked first while it is well', () => {
    const places = placesAt(3)
    places.fail(0, 4)
    assert.equal(places.best(model), 0)
  })

  it('that fails five times in a row is left alone for 30 s', () => {
    const places = placesAt(3)
    places.fail(0, 5)
    assert.equal(places.best(model), 1)
    places.wait(29_999)
    assert.equal(places.best(model), 1)
    places.wait(1)
    assert.equal(places.best(model), 0)
  })

  it('that answers in between starts anew', () => {
    const places = placesAt(2)
    places.fail(0, 4)
    places.answered(0)
    places.fail(0, 4)
    assert.equal(places.best(model), 0)
  })

  it('is probed by one request; the others stay away until it is answered', () => {
    const places = placesAt(2)
    places.fail(0, 5)
    places.wait(30_000)
    assert.deepEqual([places.best(model), places.best(model), places.best(model)], [0, 1, 1])
    places.answered(0)
    assert.equal(places.best(model), 0)
  })

  it('whose probe fails is left alone for longer, five minutes at most', () => {
    const places = placesAt(2)
    places.fail(0, 5)
    for (const ms of [30_000, 60_000, 90_000, 120_000]) {
      places.wait(ms - 1)
      assert.equal(places.best(model), 1)
      places.wait(1)
      assert.equal(places.best(model), 0)
      places.fail(0, 1)
    }
    for (let probes = 0; probes < 10; probes += 1) {
      places.wait(300_000)
      assert.equal(places.best(model), 0)
      places.fail(0, 1)
    }
  })

  it('is left alone no longer for what was under way when it failed', () => {
    const places = placesAt(2)
    places.fail(0, 50)
    places.wait(30_000)
    assert.equal(places.best(model), 0)
  })

  it('is probed again where the probe’s client has left', () => {
    const places = placesAt(2)
    places.fail(0, 5)
    places.wait(30_000)
    assert.equal(places.best(model), 0)
    places.wait(10_000)
    assert.equal(places.best(model), 0)
  })

  it('is never alone in being left alone: half of them stay', () => {
    const places = placesAt(3)
    for (const place of [0, 1, 2]) places.fail(place, 5)
    assert.equal(places.best(model), 1)
    const only = placesAt(1)
    only.fail(0, 50)
    assert.equal(only.best(model), 0)
  })

  it('with too many requests is spared that model, for as long as it asks', () => {
    const places = placesAt(2)
    places.failed(0, model, limited({ 'retry-after-ms': '9000' }), true)
    assert.equal(places.best(model), 1)
    assert.equal(places.best('gemini-2.5-pro'), 0)
    places.wait(9_000)
    assert.equal(places.best(model), 0)
    places.failed(0, model, limited(), true)
    places.wait(4_999)
    assert.equal(places.best(model), 1)
    places.wait(1)
    assert.equal(places.best(model), 0)
  })

  it('is not spared for the limits of a client’s own credential', () => {
    const places = placesAt(2)
    places.failed(0, model, limited(), false)
    assert.equal(places.best(model), 0)
  })

  it('that is well soonest is asked where none is well', () => {
    const places = placesAt(2)
    places.failed(0, model, limited({ 'retry-after-ms': '9000' }), true)
    places.failed(1, model, limited({ 'retry-after-ms': '8000' }), true)
    assert.equal(places.best(model), 1)
  })

  it('stands in only once for a request, and only where it is well', () => {
    const places = placesAt(3)
    places.fail(1, 5)
    assert.equal(places.other(model, new Set([0])), 2)
    assert.equal(places.other(model, new Set([0, 2])), undefined)
  })

  it('that refuses a request is well', () => {
    const places = placesAt(2)
    places.fail(0, 4)
    places.failed(0, model, new ApiError(400, 'invalid_request_error', 'Bad.'), true)
    places.fail(0, 4)
    assert.equal(places.best(model), 0)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFault } from '../../../src/emulator/faults/parse.ts'
import { faultWords } from '../../../src/emulator/faults/words.ts'

describe('a fault', () => {
  it('is made of words', () => {
    for (const [text, fault] of [
      ['', {}],
      ['delay=200', { delay: 200 }],
      ['status=429,retry-info=2.5', { status: 429, retryInfo: 2.5 }],
      ['status=503;retry-after=3', { status: 503, retryAfter: 3 }],
      ['reset@3', { reset: { after: 3, into: 0 } }],
      ['reset@3+17', { reset: { after: 3, into: 17 } }],
      ['fin@0; split=1', { fin: { after: 0, into: 0 }, split: 1 }],
      ['error@2=503', { error: { after: 2, into: 0, status: 503 } }],
      ['huge@1=5000000', { huge: { after: 1, into: 0, bytes: 5_000_000 } }],
      ['cut=crlf;gzip', { cut: 'crlf', gzip: true }],
      ['error-array;status=500', { form: 'array', status: 500 }],
      ['status=500;times=2,key=a', { status: 500, times: 2, key: 'a' }],
      ['gzip;times=2', { gzip: true, times: 2, key: 'gzip;times=2' }],
    ] as const) {
      assert.deepEqual(parseFault([text]), fault, text)
    }
  })

  it('may be asked for in several places', () => {
    assert.deepEqual(parseFault(['gzip', 'pace=5']), { gzip: true, pace: 5 })
  })

  it('that cannot be read is named, and why', () => {
    for (const [text, problem] of [
      ['explode', /^The emulator cannot read the fault "explode": the faults are delay, pace,/],
      ['delay', /"delay": it needs =VALUE\.$/],
      ['delay=soon', /"delay=soon": it needs a whole number from 0 to 600000\.$/],
      ['status=200', /from 400 to 599/],
      ['reset', /it needs the number of events, as in @3/],
      ['fin@2+3', /it takes no \+BYTES/],
      ['stall@2=3', /it takes no =VALUE/],
      ['gzip=9', /it stands alone/],
      ['cut=lines', /it needs one of every-utf8, crlf/],
      ['gzip;gzip', /it is given twice/],
      ['retry-after=3', /go with a status/],
      ['key=a', /a key goes with times/],
      ['reset@1;stall@2', /ends by one of reset, fin and stall/],
      ['error-html;error-empty', /an error looks like one of error-array, error-html, error-empty/],
      ['error@1=503;error-html', /an error among events is an object or an array/],
    ] as const) {
      assert.throws(() => parseFault([text]), { message: problem, code: 400 }, text)
    }
  })

  it('is read as its own table writes it', () => {
    const figures: Record<string, string> = { MS: '5', K: '2', BYTES: '3', N: '4', NAME: 'x' }
    for (const [name, { form }] of Object.entries(faultWords)) {
      const written = form.replace(/\b[A-Z]+\b/g, (figure) => figures[figure] ?? figure)
      const beside: Record<string, string> = {
        key: ';times=1',
        'retry-info': ';status=429',
        'retry-after': ';status=429',
      }
      assert.doesNotThrow(() => parseFault([written + (beside[name] ?? '')]), written)
    }
  })
})

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Names } from '../../src/telemetry/names.ts'
import { ownErrors } from '../../src/telemetry/own-errors.ts'

describe('names', () => {
  it('are said once they are learnt', () => {
    const names = new Names(2, 'other')
    assert.equal(names.say('gemini'), 'other')
    names.learn('gemini')
    assert.equal(names.say('gemini'), 'gemini')
  })

  it('are no more than fit, and none is forgotten', () => {
    const names = new Names(200, 'other')
    for (let n = 0; n < 300; n += 1) names.learn(`model-${n}`)
    const said = new Set(Array.from({ length: 300 }, (_, n) => names.say(`model-${n}`)))
    assert.equal(said.size, 201)
    assert.equal(names.say('model-199'), 'model-199')
    assert.equal(names.say('model-200'), 'other')
  })

  it('are short', () => {
    const names = new Names(2, 'other')
    names.learn('x'.repeat(128))
    names.learn('y'.repeat(129))
    assert.equal(names.say('x'.repeat(128)), 'x'.repeat(128))
    assert.equal(names.say('y'.repeat(129)), 'other')
  })

  it('are known beside those that are learnt', () => {
    const names = new Names(1, 'other')
    names.learn('odd')
    names.know(['fast', 'slow'])
    assert.deepEqual(
      ['odd', 'fast', 'slow', 'strange'].map((name) => names.say(name)),
      ['odd', 'fast', 'slow', 'other'],
    )
  })
})

describe('the gateway’s own errors', () => {
  const source = join(import.meta.dirname, '..', '..', 'src')
  const written = ['*.ts', '{http,limits,translate,upstream}/**/*.ts']
    .flatMap((files) => globSync(files, { cwd: source }))
    .map((file) => readFileSync(join(source, file), 'utf8'))
    .join()

  it('are known, all of them', () => {
    const codes = [...written.matchAll(/\b(?:code(?::| =)|UND_ERR_\w+:) '(\w+)'(?! in)/g)].map(
      ([, code]) => code,
    )
    assert.ok(codes.length > 25)
    assert.deepEqual(
      // zod's word for an issue.
      codes.filter((code) => code !== 'custom' && !ownErrors.includes(String(code))),
      [],
    )
  })
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { environment } from '../../src/environment.ts'
import { filesOf, mebibytes, read } from './manifests.ts'
import { needed } from './memory.ts'

const folder = 'deploy/terraform'
const root = join(import.meta.dirname, '..', '..')
const files = filesOf(`${folder}/*.tf`)
const text = files.map(read).join('\n')
/** Without comments, and strings without what they say. */
const bare = text.replaceAll(/#.*$/gm, '').replaceAll(/"[^"$\n]*"/g, '""')
const main = read(`${folder}/main.tf`)

/** The body of a block, from its first line to the brace that closes it. */
function block(header: string, within = text): string {
  const start = within.indexOf(`${header} {`)
  assert.notEqual(start, -1, header)
  let depth = 0
  for (let at = within.indexOf('{', start); at < within.length; at += 1) {
    if (within[at] === '{') depth += 1
    if (within[at] === '}') depth -= 1
    if (depth === 0) return within.slice(start, at + 1)
  }
  throw new Error(`${header} is not closed.`)
}

/** What a block sets a name to, as it is written. */
function valueOf(name: string, within: string): string | undefined {
  return new RegExp(String.raw`^\s*${name}\s+= (.+)$`, 'm').exec(within)?.[1]
}

const declared = [...text.matchAll(/^variable "(\w+)" \{$/gm)].map(([, name = '']) => name)
const defaults = (name: string) =>
  valueOf('default', block(`variable "${name}"`))?.replaceAll('"', '')

describe('deploy/terraform', () => {
  it('closes what it opens', () => {
    assert.ok(files.length >= 4)
    for (const [open, close] of ['{}', '()', '[]']) {
      assert.ok(open !== undefined && close !== undefined)
      assert.equal(bare.split(open).length, bare.split(close).length, open + close)
    }
  })

  it('is formatted', (context) => {
    // The arrangement of `=` in columns, and two spaces a level: as far as can be seen without the program.
    for (const file of files) {
      const lines = read(file).split('\n')
      for (const line of lines) {
        assert.doesNotMatch(line, /\t|\s$/, file)
        assert.equal((line.length - line.trimStart().length) % 2, 0, `${file}: ${line}`)
      }
    }
    const formatted = spawnSync('terraform', ['fmt', '-check', '-diff', join(root, folder)])
    if (formatted.error !== undefined) return context.diagnostic('no terraform here')
    assert.equal(formatted.status, 0, String(formatted.stdout))
  })

  it('declares each variable that it uses, with a line about it, and uses each', () => {
    const used = new Set([...text.matchAll(/\bvar\.(\w+)/g)].map(([, name = '']) => name))
    assert.deepEqual([...used].toSorted(), declared.toSorted())
    for (const name of declared) {
      const body = block(`variable "${name}"`)
      assert.match(valueOf('description', body) ?? '', /^".+"$/, name)
      assert.ok(valueOf('type', body), name)
    }
  })

  it('refers to resources and locals that exist', () => {
    const resources = [...text.matchAll(/^resource "(\w+)" "(\w+)" \{$/gm)].map(
      ([, type, name]) => `${type}.${name}`,
    )
    const referred = [...bare.matchAll(/\b(google_\w+\.\w+)/g)].map(([, name = '']) => name)
    assert.ok(referred.length > 10)
    assert.deepEqual(
      referred.filter((name) => !resources.includes(name)),
      [],
    )
    const locals = [...block('locals').matchAll(/^ {2}(\w+) += /gm)].map(([, name = '']) => name)
    const wanted = new Set([...bare.matchAll(/\blocal\.(\w+)/g)].map(([, name = '']) => name))
    assert.deepEqual([...wanted].toSorted(), locals.toSorted())
  })

  it('sets variables of Pollux that exist', () => {
    const names = [...block('locals').matchAll(/^ {6}([A-Z][A-Z_]+) += /gm)].map(
      ([, name = '']) => name,
    )
    assert.ok(names.length >= 7)
    assert.deepEqual(
      names.filter((name) => !(name in environment.shape)),
      [],
    )
  })

  it('says the same as service.yaml', () => {
    const yaml = read('deploy/cloudrun/service.yaml')
    const given = (name: string) =>
      new RegExp(String.raw`^\s*${name}: '?([^'\n]+)'?$`, 'm').exec(yaml)?.[1]
    assert.equal(defaults('concurrency'), given('containerConcurrency'))
    assert.equal(defaults('memory'), given('memory'))
    assert.equal(defaults('cpu'), given('cpu'))
    assert.equal(defaults('min_instances'), given('autoscaling.knative.dev/minScale'))
    assert.equal(defaults('max_instances'), given('autoscaling.knative.dev/maxScale'))
    assert.equal(valueOf('timeout', main), `"${given('timeoutSeconds')}s"`)
    assert.equal(valueOf('container_port', main), given('containerPort'))
    assert.equal(valueOf('name', block('ports', main)), '"h2c"')
    assert.match(yaml, /- name: h2c$/m)
    for (const [probe, there] of [
      ['startup_probe', 'startupProbe'],
      ['liveness_probe', 'livenessProbe'],
    ] as const) {
      const [, theirs = ''] = yaml.split(`${there}:`)
      const ours = block(probe, main)
      for (const [name, theirName] of [
        ['path', 'path'],
        ['period_seconds', 'periodSeconds'],
        ['timeout_seconds', 'timeoutSeconds'],
        ['failure_threshold', 'failureThreshold'],
      ] as const) {
        const their = new RegExp(`${theirName}: (\\S+)`).exec(theirs)?.[1]
        assert.equal(valueOf(name, ours)?.replaceAll('"', ''), their, `${probe}.${name}`)
      }
    }
    const file = /POLLUX_CONFIG\s+= "(.+)\/(.+)"/.exec(main)
    assert.equal(valueOf('mount_path', main), `"${file?.[1]}"`)
    assert.equal(valueOf('path', block('items', main)), `"${file?.[2]}"`)
  })

  it('has the memory that its requests need', () => {
    const buffers = /POLLUX_BUFFER_LIMIT\s+= "(\d+)"/.exec(main)?.[1]
    const streams = Number(defaults('concurrency'))
    assert.ok(
      needed(streams, { POLLUX_BUFFER_LIMIT: buffers }) < mebibytes(defaults('memory') ?? ''),
    )
  })

  it('gives its account no role but those in docs/deploy.md', () => {
    const roles = [...main.matchAll(/"(roles\/[\w.]+)"/g)].map(([, role]) => role)
    const told = [...read('docs/deploy.md').matchAll(/`(roles\/[\w.]+)`/g)].map(([, role]) => role)
    assert.equal(roles.length, 4)
    assert.deepEqual(
      roles.filter((role) => !told.includes(role)),
      [],
    )
  })
})

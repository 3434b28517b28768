import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { environment } from '../../src/environment.ts'
import { filesOf, read } from './manifests.ts'
import { figures } from './memory.ts'

const root = join(import.meta.dirname, '..', '..')
const pages = ['docs/deploy.md', 'docs/scaling.md']

/** Variables of the process, as they are written in texts. */
const variable = /\b(?:POLLUX|GOOGLE|GEMINI|OTEL|REDIS|K|LOG|NODE)_[A-Z_]+\b/g

/** As GitHub makes them of headings. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
}

for (const page of pages) {
  describe(page, () => {
    const text = read(page)

    it('names variables that exist', () => {
      const names = text.match(variable) ?? []
      assert.ok(names.length > 0)
      assert.deepEqual(
        names.filter((name) => !(name in environment.shape)),
        [],
      )
    })

    it('names files and headings that exist', () => {
      const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
      assert.ok(links.length > 0)
      for (const [, path = '', anchor] of links) {
        const target = path === '' ? page : join(dirname(page), path)
        assert.ok(existsSync(join(root, target)), path)
        if (anchor !== undefined) assert.ok(anchors(target).includes(anchor), anchor)
      }
      for (const [path] of text.matchAll(/\bdeploy\/[\w./-]*\w/g)) {
        assert.ok(existsSync(join(root, path)), path)
      }
    })
  })
}

describe('docs/deploy.md', () => {
  const text = read('docs/deploy.md')

  it('quotes the figures of bench/README.md, or was not far from them at its last run', () => {
    const { idle, image, open } = figures()
    const said = /(\d+) MB idle, (\d+) MB after 200 .*; (\d+) kB for each/.exec(text)?.slice(1)
    assert.equal(said?.length, 3)
    for (const [at, figure] of [idle, image, open].entries()) {
      assert.ok(Math.abs(Number(said?.[at]) / figure - 1) < 0.2, `${said?.[at]}, not ${figure}`)
    }
  })

  it('deploys what service.yaml says', () => {
    const yaml = read('deploy/cloudrun/service.yaml')
    const given = (name: string) => new RegExp(`${name}: (\\S+)`).exec(yaml)?.[1]
    for (const [flag, name] of [
      ['concurrency', 'containerConcurrency'],
      ['timeout', 'timeoutSeconds'],
      ['memory', 'memory'],
      ['execution-environment', 'execution-environment'],
    ] as const) {
      assert.ok(text.includes(`--${flag} ${given(name)}`), flag)
    }
    const buffers = /POLLUX_BUFFER_LIMIT\n\s+value: '(\d+)'/.exec(yaml)?.[1]
    assert.ok(text.includes(`POLLUX_BUFFER_LIMIT=${buffers}`))
    assert.ok(text.includes('--use-http2'))
  })

  it('says of Kubernetes what the manifests say', () => {
    const deployment = read('deploy/kubernetes/base/deployment.yaml')
    const base = read('deploy/kubernetes/base/kustomization.yaml')
    const grace = /terminationGracePeriodSeconds: (\d+)/.exec(deployment)?.[1]
    const sleeps = /sleep:\n\s+seconds: (\d+)/.exec(deployment)?.[1]
    const drains = /POLLUX_DRAIN_SECONDS=(\d+)/.exec(base)?.[1]
    const told = text.slice(text.indexOf('* **Draining**')).replaceAll(/\s+/g, ' ')
    assert.match(
      told,
      new RegExp(`for ${sleeps} s until .* have ${drains} s .* within the ${grace} s`),
    )
  })
})

describe('whatever is deployed', () => {
  it('is the same tomorrow: nothing is `latest`', () => {
    const files = [...filesOf('deploy/**/*.{yaml,tf}'), ...pages, 'Dockerfile']
    assert.ok(files.length > 15)
    for (const file of files)
      assert.doesNotMatch(read(file), /:latest\b|\bkey: '?latest|"latest"/, file)
  })
})

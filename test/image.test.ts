import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { nodeOptions } from './support/npm-start.ts'

const root = join(import.meta.dirname, '..')
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')

/** The libraries that `gcr.io/distroless/cc-debian12` has. */
const ofBase = /^(ld-linux-.*|libc|libdl|libgcc_s|libgomp|libm|libpthread|librt|libstdc\+\+)$/

/** Without comments. */
function linesOf(file: string): string[] | null {
  return readFileSync(join(root, file), 'utf8').match(/^[^#\n].*$/gm)
}

describe('the image', () => {
  it('has each library that Node loads', { skip: process.platform !== 'linux' }, () => {
    const code = "process.stdout.write(require('node:fs').readFileSync('/proc/self/maps'))"
    const maps = execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })
    const loaded = [...maps.matchAll(/\/([^/\s]+)\.so[.\d]*$/gm)].map(([, name = '']) => name)
    const copied = [...dockerfile.matchAll(/^COPY --from=build \S*\/(\S+)\.so\S* \/usr\/lib\/$/gm)]
    assert.ok(loaded.includes('libc'))
    assert.deepEqual(
      [...new Set(loaded)].filter((name) => !ofBase.test(name)),
      copied.map(([, name]) => name),
    )
  })

  it('starts as npm start does', () => {
    const [, ...options] = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(dockerfile)?.[1] ?? '[]')
    assert.deepEqual(options, [...nodeOptions, 'dist/main.js'])
  })

  it('is built of what .dockerignore lets through', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, paths = '']) => paths.split(' '),
    )
    const through = readFileSync(join(root, '.dockerignore'), 'utf8').match(/(?<=^!).+$/gm)
    assert.deepEqual(sources.toSorted(), through?.toSorted())
  })

  it('is built by gcloud of the same', () => {
    const through = linesOf('.dockerignore')?.filter((line) => line.startsWith('!')) ?? []
    const [all, ...others] = linesOf('.gcloudignore') ?? []
    assert.equal(all, '/*')
    // Its patterns are those of git: what is let through begins at the root, and brings its files along.
    const wanted = ['Dockerfile', '.dockerignore', ...through.map((line) => line.slice(1))]
    assert.deepEqual(
      others.toSorted(),
      ['/image/node_modules', ...wanted.map((path) => `!/${path}`)].toSorted(),
    )
    assert.ok(others.indexOf('!/image') < others.indexOf('/image/node_modules'))
  })

  it('is bundled by packages with exact versions and hashes', () => {
    const { packages }: { packages: Record<string, { version?: string; integrity?: string }> } =
      JSON.parse(readFileSync(join(root, 'image', 'package-lock.json'), 'utf8'))
    const { '': _own, ...others } = packages
    const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
      readFileSync(join(root, 'image', 'package.json'), 'utf8'),
    )
    for (const [name, version] of Object.entries(dependencies)) {
      assert.equal(others[`node_modules/${name}`]?.version, version)
    }
    for (const [path, { integrity }] of Object.entries(others)) {
      assert.match(integrity ?? '', /^sha512-/, path)
    }
  })
})

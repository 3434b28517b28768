import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { environment } from '../src/environment.ts'
import { extraNames } from '../src/translate/chat/google.ts'
import { chatRequest } from '../src/translate/chat/request.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')

interface Planting {
  room: string
  /** One line that is at fault, or not. */
  code: string
  /** The rule that must find it; undefined where none may. */
  rule: string | undefined
}

/** An import for its side effects, so that nothing else about it can be wrong. */
function importing(room: string, from: string): Planting {
  return { room, code: `import '${from}'`, rule: 'no-restricted-imports' }
}

function importingFreely(room: string, from: string): Planting {
  return { room, code: `import '${from}'`, rule: undefined }
}

/** The same as it would be written, where only the rule itself may find it. */
function importingBackends(room: string): Planting {
  const code = "import { toBackends } from '../reach.ts'\n\nexport const planted = toBackends"
  return { room, code, rule: 'no-restricted-imports' }
}

const outside = [
  '../app.ts',
  '../main.js',
  '../config.ts',
  '../config/file.ts',
  '../current.ts',
  '../commands/run.ts',
  '../environment.ts',
  '../log.ts',
  '../reach.ts',
]
const plantings: Planting[] = [
  ...['node:fs', 'fastify', 'undici', 'pino', 'google-auth-library', 'openai'].map((name) =>
    importing('translate', name),
  ),
  importing('translate/chat', 'node:crypto'),
  importing('translate/chat', '../../http/auth.ts'),
  ...['../http/auth.ts', '../upstream/token.ts', '../emulator/server.ts', ...outside].map((name) =>
    importing('translate', name),
  ),
  ...['fastify', '../http/auth.ts', '../emulator/server.ts', ...outside].map((name) =>
    importing('upstream', name),
  ),
  ...['undici', 'google-auth-library', '../emulator/server.ts', ...outside].map((name) =>
    importing('http', name),
  ),
  ...['../http/auth.ts', '../upstream/token.ts', '../translate/gemini.ts', ...outside].map((name) =>
    importing('emulator', name),
  ),
  ...['fastify', 'undici', 'pino', '../http/auth.ts', '../upstream/token.ts', ...outside].map(
    (name) => importing('limits', name),
  ),
  ...['translate', 'upstream', 'emulator', 'telemetry'].map((room) =>
    importing(room, '../limits/limiter.ts'),
  ),
  ...['translate', 'http', 'emulator'].map((room) => importing(room, '../redis.ts')),
  ...['fastify', 'undici', 'google-auth-library', '../emulator/server.ts', ...outside].map((name) =>
    importing('telemetry', name),
  ),
  ...['translate', 'upstream', 'http', 'emulator', 'limits'].map((room) =>
    importing(room, '../telemetry/metrics.ts'),
  ),
  ...['translate', 'upstream', 'http', 'emulator', 'telemetry', 'limits'].map(importingBackends),
  { room: 'http', code: 'export const env = process.env', rule: 'no-process-env' },
  { room: 'upstream', code: 'export const env = process.env', rule: 'no-process-env' },
  { room: 'translate', code: 'export const at = () => fetch', rule: 'no-restricted-globals' },
  { room: 'translate', code: 'export const at = () => crypto', rule: 'no-restricted-globals' },
  {
    room: 'upstream',
    code: 'export function f(x: any) { return Boolean(x) }',
    rule: 'no-explicit-any',
  },
  ...['fastify', 'undici', '../http/auth.ts', '../app.ts', '../commands/run.ts'].map((name) =>
    importing('doctor', name),
  ),
  importingFreely('doctor', '../config.ts'),
  importingFreely('doctor', '../upstream/google.ts'),
  importingFreely('telemetry', '../http/answered.ts'),
  importingFreely('telemetry', '../upstream/record.ts'),
  importingFreely('http', '../upstream/backend.ts'),
  importingFreely('http', '../translate/parse.ts'),
  importingFreely('http', '../errors.ts'),
  importingFreely('http', '../limits/limiter.ts'),
  importingFreely('limits', '../errors.ts'),
  importingFreely('limits', '../redis.ts'),
  importingFreely('upstream', '../translate/gemini.ts'),
  importingFreely('upstream', '../redis.ts'),
  importingFreely('upstream', '../errors.ts'),
  importingFreely('upstream', 'undici'),
  importingFreely('translate', '../errors.ts'),
]

const pathOf = (n: number) => `src/${plantings[n]?.room}/zz-planted-${n}.ts`

describe('the directions of imports', () => {
  let found: Map<string, string[]>

  before(async () => {
    const paths = plantings.map((_, n) => pathOf(n))
    try {
      for (const [n, { code }] of plantings.entries()) {
        writeFileSync(join(root, pathOf(n)), `${code}\n`)
      }
      found = await lint(paths)
    } finally {
      for (const path of paths) rmSync(join(root, path), { force: true })
    }
  })

  for (const [n, { room, code, rule }] of plantings.entries()) {
    it(`${rule === undefined ? 'allow' : 'forbid'} in ${room}: ${code}`, () => {
      const rules = found.get(pathOf(n)) ?? []
      const fitting = rules.filter((name) => rule === undefined || name.includes(rule))
      if (rule === undefined) {
        assert.deepEqual(
          rules.filter((name) => name.includes('restricted')),
          [],
        )
      } else assert.notEqual(fitting.length, 0, `found only ${rules.join(', ')}`)
    })
  }

  it('forbid errors.ts to import anything', async () => {
    const config: { overrides: { files: string[]; rules: Record<string, unknown> }[] } = JSON.parse(
      readFileSync(join(root, '.oxlintrc.json'), 'utf8'),
    )
    const own = config.overrides.find(({ files }) => files.includes('src/errors.ts'))
    assert.match(JSON.stringify(own?.rules['no-restricted-imports']), /"group":\["\*"\]/)
    assert.doesNotMatch(readFileSync(join(root, 'src/errors.ts'), 'utf8'), /^import|from '/m)
  })
})

/** Which rules each file breaks. */
async function lint(paths: string[]): Promise<Map<string, string[]>> {
  const oxlint = join(root, 'node_modules/.bin/oxlint')
  const { stdout } = await run(oxlint, ['--format=json', ...paths], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
    timeout: 20_000,
  }).catch((error: { stdout: string }) => error) // It exits with 1 when it finds something.
  const report: { diagnostics: { code: string; filename: string }[] } = JSON.parse(stdout)
  const byFile = Map.groupBy(report.diagnostics, ({ filename }) => filename)
  return new Map([...byFile].map(([file, all]) => [file, all.map(({ code }) => code)]))
}

describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-ready-'))
  after(() => rmSync(folder, { recursive: true }))

  /** Whether npm is asked to install, with these times of the lock file and of the last install. */
  async function installs(locked: number, installed: number | undefined): Promise<boolean> {
    const { scripts }: { scripts: { ready: string } } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    )
    rmSync(folder, { recursive: true })
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    const write = (path: string, seconds: number) => {
      writeFileSync(join(folder, path), '')
      utimesSync(join(folder, path), seconds, seconds)
    }
    write('package-lock.json', locked)
    if (installed !== undefined) write('node_modules/.package-lock.json', installed)
    writeFileSync(join(folder, 'npm'), '#!/bin/sh\necho asked: "$@"\n', { mode: 0o755 })
    const env = { PATH: `${folder}:${dirname(process.execPath)}:${process.env.PATH ?? ''}` }
    const { stdout } = await run('sh', ['-c', scripts.ready], { cwd: folder, env, timeout: 10_000 })
    return stdout.includes('asked: ci')
  }

  it('installs what was never installed whole, and what the lock file has changed since', async () => {
    assert.equal(await installs(1_000, 2_000), false)
    assert.equal(await installs(2_000, 1_000), true)
    assert.equal(await installs(1_000, undefined), true)
  })
})

describe('the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')

  /** The names in the first column of the tables under a heading. */
  function rowsUnder(heading: string): string[] {
    const [, rest = ''] = readme.split(`\n## ${heading}\n`)
    const [section = ''] = rest.split('\n## ')
    return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name)
  }

  it('has a row for every variable, and no other', () => {
    assert.deepEqual(
      rowsUnder('Configuration').toSorted(),
      Object.keys(environment.shape).toSorted(),
    )
  })

  it('says of every variable what the code says', () => {
    for (const [name, { description }] of Object.entries(environment.shape)) {
      assert.ok(readme.includes(`| \`${name}\` | ${description} |`), `${name}: ${description}`)
    }
  })

  it('has a row for every parameter, and no other', () => {
    const parameters = [
      ...Object.keys(chatRequest.shape),
      ...extraNames.map((name) => `extra_body.google.${name}`),
    ]
    assert.deepEqual(rowsUnder('Parameters').toSorted(), parameters.toSorted())
  })
})

after(() => {
  // Whatever happened above, nothing planted may stay.
  for (const [n, { room }] of plantings.entries()) {
    rmSync(join(root, `src/${room}/zz-planted-${n}.ts`), { force: true })
  }
})

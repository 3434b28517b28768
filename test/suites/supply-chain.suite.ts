import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startEmulator } from '../../src/emulator/server.ts'
import { isAtLeast, type LockedPackage, readLockfile } from './support/lockfile.ts'
import type { MadeCode } from './support/note-made-code.ts'
import { startGatewayProcess } from './support/process.ts'
import { findIn, readTracked, withoutComments } from './support/tracked.ts'
import type { Figure } from './suite.ts'

export const about = 'what is installed, what of it runs, and what lies in the repository'

const root = join(import.meta.dirname, '..', '..')

/** How many packages production may have. */
const mostPackages = 90

const licences = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]

/** The first versions without the faults that were found in these packages. */
const floors: Record<string, string> = { fastify: '5.8.5', undici: '8.0.0' }

/** The first releases of Node's lines without the faults of June 2026. */
const nodeFloors = ['22.23.0', '24.17.0', '26.3.1']

/**
 * Builds of the linter and the formatter for platforms other than the one that the lock file was made
 * on. The registry in use then told no hash of them; nothing of them runs in production.
 */
const withoutHash = /^(@oxfmt\/binding-|@oxlint\/binding-|@oxlint-tsgolint\/)/

/** The key of a certificate that nobody vouches for: it has to be known, and opens nothing. */
const knownKey = 'test/suites/support/self-signed.ts'

/** Ways to run what is not in the source. (Node may keep what it has compiled of it.) */
const runsOtherCode =
  /\beval\s*\(|\bFunction\s*\(|child_process|node:(vm|worker_threads|repl|inspector)|(?<!\{ enableCompileCache, flushCompileCache \} from ')node:module|\bprocess\.(binding|dlopen)|\bgetBuiltinModule\b(?!\('node:http'\))|\bcreateRequire\b|\brequire\s*\(|\bWebAssembly\b/

/** Packages that make code: the router of its routes, the schema library of its schemas. */
const makers = ['find-my-way', 'zod']

const machinePaths = /\/(?:work|root|Users)\/\w|\/home\/(?!node\b)\w|\/tmp\/[\w-]+\//

/** Passwords in URLs; those of tests are made up. */
const passwords = /:\/\/[^\s/:@'"`$]*:[^\s/@'"`$]{3,}@/

const realSecrets = new RegExp(
  [
    String.raw`\bAIza[\w-]{35}\b`,
    String.raw`\bya29\.[\w-]{20,}`,
    String.raw`\bAQ\.[\w-]{30,}`,
    String.raw`\bsk-[\w-]{20,}`,
    String.raw`\bgh[pousr]_\w{20,}`,
    String.raw`\bgithub_pat_\w{20,}`,
    String.raw`\bglpat-[\w-]{20,}`,
    String.raw`\bnpm_\w{30,}`,
    String.raw`\bAKIA[0-9A-Z]{16}\b`,
    String.raw`\bxox[abposr]-[\w-]{10,}`,
    String.raw`\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.`,
    String.raw`-----BEGIN [A-Z ]*PRIVATE KEY-----(?=\s|\\n|$)`,
  ].join('|'),
)

/** Whether it is so in files and on this machine; no network is asked. */
export async function* suite(): AsyncGenerator<Figure> {
  yield* manifest()
  yield* lockfile()
  yield* image()
  yield* workflows()
  yield* source()
  yield* repository()
  yield* madeCode()
  yield billOfMaterials()
}

function* manifest(): Generator<Figure> {
  const { dependencies, devDependencies, engines } = readManifest()
  const named = Object.entries({ ...dependencies, ...devDependencies })
  const ranges = named.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
  yield {
    promise: 'package.json names exact versions',
    ...none(
      ranges.map(([name, version]) => `${name}@${version}`),
      `${named.length} packages, 0 ranges`,
    ),
  }
  // The lowest version of each line that `engines` lets in.
  const least = /^>=(\d+(?:\.\d+){0,2})$/.exec(engines.node)?.[1] ?? '0'
  yield {
    promise: `Node at least ${nodeFloors.join(' / ')}: here, in the image, and for engines`,
    ...none([
      ...(isSafeNode(process.versions.node) ? [] : [`runs on ${process.versions.node}`]),
      ...(isSafeNode(devDependencies['node'] ?? '0') ? [] : ['the package node is too old']),
      ...(isSafeNode(nodeOfImage()) ? [] : [`the image has ${nodeOfImage()}`]),
      ...(isSafeNode(`${least}.0.0`) ? [] : [`engines lets ${least} in`]),
    ]),
  }
}

function* lockfile(): Generator<Figure> {
  const { version, packages } = readLockfile(root)
  const production = packages.filter(({ dev }) => dev !== true)
  const { dependencies, devDependencies } = readManifest()
  const named = Object.entries({ ...dependencies, ...devDependencies })
  const locked = new Map(packages.map(({ path, version }) => [path, version]))
  yield {
    promise: 'a lock file of version 3 that has what package.json names',
    ...none([
      ...(version === 3 ? [] : [`version ${version}`]),
      ...named
        .filter(([name, version]) => locked.get(`node_modules/${name}`) !== version)
        .map(([name]) => name),
    ]),
  }
  yield {
    promise: 'every production package has a sha512',
    ...none(production.filter(isUnhashed).map(nameOf)),
  }
  const bare = packages.filter(isUnhashed)
  yield {
    promise: 'of development only other platforms’ builds of linter and formatter have none',
    ...none(
      bare.filter(({ name }) => !withoutHash.test(name)).map(nameOf),
      `${bare.length} of them`,
    ),
  }
  yield {
    promise: 'packages come from the registry, and the lock file names no host',
    ...none(
      [
        ...packages
          .filter(({ resolved, link }) => resolved !== undefined || link === true)
          .map(nameOf),
        ...readFileSync(join(root, '.npmrc'), 'utf8')
          .split('\n')
          .filter((line) => /registry\s*=|_auth|password|\/\//i.test(line)),
      ],
      `${packages.length} packages, 0 hosts`,
    ),
  }
  yield {
    promise: `at most ${mostPackages} packages in production`,
    seen: `${production.length}`,
    kept: production.length <= mostPackages,
  }
  yield {
    promise: '0 production packages with install scripts',
    ...none(production.filter(({ hasInstallScript }) => hasInstallScript === true).map(nameOf)),
  }
  const counted = Map.groupBy(production, ({ license = 'none' }) => license)
  const told = [...counted].map(([license, { length }]) => `${length} ${license}`).join(', ')
  yield {
    promise: `production licences are among ${licences.join(', ')}`,
    seen: told,
    kept: [...counted.keys()].every((license) => licences.includes(license)),
  }
  yield {
    promise: `at least ${Object.entries(floors)
      .map((pair) => pair.join(' '))
      .join(', ')}, in every copy`,
    ...none(
      packages.filter(({ name, version }) => !isAtLeast(version, floors[name] ?? '0')).map(nameOf),
    ),
  }
}

function* image(): Generator<Figure> {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/^#.*\n/gm, '')
  const last = lines.slice(lines.lastIndexOf('\nFROM '))
  const install = /^RUN (.*npm.*)$/m.exec(lines)?.[1] ?? ''
  yield {
    promise: 'the image has no root, no shell and no package manager',
    seen: `${/FROM (\S+)/.exec(last)?.[1]}, USER ${/^USER (.*)$/m.exec(last)?.[1]}`,
    kept:
      /^\nFROM gcr\.io\/distroless\/\S+:nonroot\n/.test(last) &&
      /^USER 65532:65532$/m.test(last) &&
      !/^RUN|^SHELL|^ADD/m.test(last) &&
      /^ENTRYPOINT \["/m.test(last),
  }
  yield {
    promise: 'the image installs by the lock file, production only, without scripts',
    seen: install,
    kept: /^npm ci(?= )(?=.* --omit=dev)(?=.* --ignore-scripts)/.test(install),
  }
}

function* workflows(): Generator<Figure> {
  const lines = readTracked(root)
    .filter(({ path }) => path.startsWith('.github/'))
    .flatMap(({ text }) => text.split('\n'))
  const used = lines.flatMap((line) => /^\s*-?\s*uses:\s*(\S+)/.exec(line)?.[1] ?? [])
  yield {
    promise: 'workflows name actions by commit',
    ...none(
      used.filter((action) => !/@[0-9a-f]{40}$/.test(action)),
      `${used.length} uses of ${new Set(used).size}`,
    ),
  }
  yield {
    promise: 'workflows may read, and run nothing that somebody else wrote with more rights',
    ...none(
      lines.filter((line) => /pull_request_target|workflow_run|: write\b|secrets\./.test(line)),
    ),
  }
}

function* source(): Generator<Figure> {
  const files = readTracked(root)
    .filter(({ path }) => path.startsWith('src/') && /\.[jt]s$/.test(path))
    .map(withoutComments)
  yield {
    promise: '0 uses of eval, new Function, child_process, vm and their like in src',
    ...none(findIn(files, runsOtherCode), `0 in ${files.length} files`),
  }
  const imported = files.flatMap(({ path, text }) =>
    [...text.matchAll(/\bimport\(\s*([^)]*?)\s*\)/g)].map(([, what = '']) => ({
      path,
      text,
      what,
    })),
  )
  const open = imported.filter(({ text, what }) => !isLiteral(what, text))
  yield {
    promise: 'every dynamic import names its module in the source',
    ...none(
      open.map(({ path, what }) => `${path} import(${what})`),
      `${imported.length} imports`,
    ),
  }
}

/** A string, or a constant that is one. */
function isLiteral(what: string, text: string): boolean {
  return (
    /^'[^']+'$/.test(what) ||
    (/^\w+$/.test(what) && new RegExp(`^const ${what} = '[^']+'$`, 'm').test(text))
  )
}

function* repository(): Generator<Figure> {
  const files = readTracked(root)
  const own = files.filter(({ path }) => path !== `test/suites/supply-chain.suite.ts`)
  const secret = own.filter(({ path }) => path !== knownKey)
  const untested = own.filter(({ path }) => !path.startsWith('test/'))
  const seen = `0 in ${files.length} files`
  yield {
    promise: '0 paths of somebody’s machine in tracked files',
    ...none(findIn(own, machinePaths), seen),
  }
  yield {
    promise: '0 keys, tokens and passwords that look real',
    ...none([...findIn(secret, realSecrets), ...findIn(untested, passwords)], seen),
  }
  // Where packages come from elsewhere on this machine, that is nobody else's business.
  const registry = URL.parse(configured('registry'))?.host ?? 'registry.npmjs.org'
  const elsewhere =
    registry === 'registry.npmjs.org' ? [] : findIn(own, new RegExp(RegExp.escape(registry)))
  yield { promise: '0 mentions of a registry other than npm’s own', ...none(elsewhere, seen) }
}

/** The gateway answers while each piece of code that is made of a string is noted. */
async function* madeCode(): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-made-code-'))
  const file = join(folder, 'made.jsonl')
  const watch = pathToFileURL(join(import.meta.dirname, 'support', 'note-made-code.ts')).href
  const emulator = await startEmulator()
  const gateway = await startGatewayProcess(emulator.url, {
    NODE_OPTIONS: `--import=${watch}`,
    MADE_CODE: file,
  })
  try {
    const statuses = await Promise.all(markedRequests.map((body) => post(gateway.url, body)))
    await fetch(`${gateway.url}/v1/models/${marker}?${marker}=${marker}`)
    const made = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line): MadeCode => JSON.parse(line))
    const by = Map.groupBy(made, ({ maker }) => maker)
    yield {
      promise: `code is made of strings by ${makers.join(' and ')} alone, of routes and schemas`,
      seen: [...by].map(([maker, { length }]) => `${maker} ${length} times`).join(', '),
      kept: made.length > 0 && [...by.keys()].every((maker) => makers.includes(maker)),
    }
    const hits = made.filter(({ source }) => source.includes(marker))
    yield {
      promise: 'nothing that a client sent is in it',
      seen: `${hits.length} hits in ${made.length} pieces; answers were ${statuses.join(', ')}`,
      kept: hits.length === 0 && statuses.filter((status) => status === 200).length >= 3,
    }
  } finally {
    gateway.kill()
    await emulator.close()
    rmSync(folder, { recursive: true })
  }
}

const marker = 'zq_marker_zq'
const marked = {
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: marker }],
  [marker]: marker,
}
const schema = { type: 'object', properties: { [marker]: { type: 'string', pattern: marker } } }

/** The marker wherever a client can put a name or a value. */
const markedRequests: object[] = [
  marked,
  { ...marked, stream: true },
  { ...marked, tools: [{ type: 'function', function: { name: marker, parameters: schema } }] },
  { ...marked, response_format: { type: 'json_schema', json_schema: { name: marker, schema } } },
  { ...marked, extra_body: { google: { [marker]: marker, labels: { [marker]: marker } } } },
  { ...marked, model: marker },
  { ...marked, messages: [{ role: marker, [marker]: 1 }] },
]

async function post(url: string, body: object): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [marker]: marker },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  })
  await response.text()
  return response.status
}

/** What `.ci/sbom` writes has the packages that production has, each by its hash. */
function billOfMaterials(): Figure {
  const { bomFormat, components }: Bill = JSON.parse(
    execFileSync(join(root, '.ci', 'sbom'), { encoding: 'utf8', timeout: 20_000 }),
  )
  const production = readLockfile(root).packages.filter(({ dev }) => dev !== true)
  const wanted = new Set(production.map(nameOf))
  const listed = new Set(
    components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`),
  )
  const hashed = components.every(({ hashes }) => hashes?.some(({ alg }) => alg === 'SHA-512'))
  const differing = wanted.symmetricDifference(listed)
  return {
    promise: 'a CycloneDX bill of materials lists what runs in production, with hashes',
    seen: `${listed.size} of ${wanted.size} packages${[...differing].map((one) => `, ${one}`).join('')}`,
    kept: bomFormat === 'CycloneDX' && hashed && differing.size === 0,
  }
}

interface Bill {
  bomFormat: string
  components: {
    group?: string
    name: string
    version: string
    hashes?: { alg: string; content: string }[]
  }[]
}

interface Manifest {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  engines: { node: string }
}

function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}

function nodeOfImage(): string {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
  return /^FROM node:([\d.]+)/m.exec(dockerfile)?.[1] ?? 'no known Node'
}

/** Later lines than the listed ones began after the faults were mended. */
function isSafeNode(version: string): boolean {
  const major = Number.parseInt(version, 10)
  const floor = nodeFloors.find((one) => Number.parseInt(one, 10) === major)
  return floor === undefined ? major > 26 : isAtLeast(version, floor)
}

function isUnhashed({ integrity }: LockedPackage): boolean {
  return !/^sha512-[\w+/]{86}==$/.test(integrity ?? '')
}

function nameOf({ name, version }: LockedPackage): string {
  return `${name}@${version}`
}

function configured(key: string): string {
  return execFileSync('npm', ['config', 'get', key], {
    cwd: root,
    encoding: 'utf8',
    timeout: 10_000,
  })
}

/** A promise that nothing of a kind is there, and what is there all the same. */
function none(found: string[], otherwise = '0'): Pick<Figure, 'seen' | 'kept'> {
  return { seen: found.length === 0 ? otherwise : found.join(', '), kept: found.length === 0 }
}

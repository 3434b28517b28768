import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import type { Edition, Figure } from '../suite.ts'
import type { Said } from './note-said.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** Where most of the gateways are that the project's own tests start. */
const share = [
  'test/http/{auth,chat,errors,log}.test.ts',
  'test/upstream/{endpoint,gemini,gemini-tries,google,odd-answers,retry,signatures,streams}.test.ts',
  'test/upstream/redis-signatures.test.ts',
  'test/replay/openai-requests.test.ts',
]

/** The project's own tests, whose gateways all write at trace: nothing that was said may be in it. */
export async function fromOwnTests(edition: Edition, folder: string): Promise<Figure> {
  const [log, said] = [join(folder, 'tests.log'), join(folder, 'tests.jsonl')]
  const flags = ['--test', '--test-isolation=none', '--test-force-exit', '--test-timeout=60000']
  const preload = `--import=${pathToFileURL(join(import.meta.dirname, 'note-said.ts')).href}`
  const files = edition === 'long' ? ['test/**/*.test.ts'] : share
  const tests = spawn(process.execPath, [preload, ...flags, ...files], {
    cwd: root,
    env: {
      ...process.env,
      POLLUX_TEST_LOG: log,
      POLLUX_TEST_SAID: said,
      POLLUX_TEST_RECORDINGS: 'all',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 600_000,
  })
  const [output] = await Promise.all([text(tests.stdout), once(tests, 'close')])
  const lines = readFileSync(log, 'utf8')
    .split('\n')
    // What a process says at its start is an example, and nobody's words.
    .filter((line) => !line.startsWith('  curl http://'))
  const words = wordsIn(readFileSync(said, 'utf8'))
  const find = finderOf(words)
  const hits = lines.flatMap((line) => find(line).map((word) => ({ word, line })))
  const [first] = hits
  const passed = /^ℹ pass (\d+)$/m.exec(output)?.[1] ?? '0'
  const extent = `${lines.length} lines of ${passed} tests, in which ${words.size} different things were said`
  return {
    promise: 'the project’s own tests, at trace, log nothing that was said',
    seen:
      first === undefined
        ? `0 in ${extent}`
        : `${hits.length} hits in ${extent}, e.g. "${first.word}" in ${first.line.slice(0, 300)}`,
    kept: hits.length === 0 && lines.length > 500 && words.size > 500 && Number(passed) > 300,
  }
}

/** So much of each thing that was said is looked for. */
const [shortest, longest] = [12, 40]

/** Fields whose values are the protocol's words, which the log may have too. */
const protocol = new Set([
  'mimeType',
  'responseMimeType',
  'response_mime_type',
  'status',
  'code',
  'type',
  '@type',
  'model',
  'modelVersion',
  'object',
  'role',
  'param',
  'finish_reason',
])

/** The log tells which model was asked: its name is nobody's secret, wherever else it stands. */
const modelNames = new Set(['model', 'modelVersion'])

const credentials = ['authorization', 'x-goog-api-key', 'x-api-key', 'api-key']

/** Keys, prompts, answers, names and signatures: the beginning of each. */
function wordsIn(noted: string): Set<string> {
  const all = noted
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Said => JSON.parse(line))
  const keys = all.flatMap(({ headers }) =>
    headers.flatMap((name, at) =>
      at % 2 === 0 && credentials.includes(name.toLowerCase())
        ? (headers[at + 1] ?? '').replace(/^bearer +/i, '')
        : [],
    ),
  )
  const leaves = all.flatMap(({ sent, received }) => [sent, received].flatMap(leavesOf))
  const models = new Set(all.flatMap(({ sent, received }) => [sent, received].flatMap(modelsOf)))
  const long = [...keys, ...leaves].filter((word) => word.length >= shortest && !models.has(word))
  // As it stands inside the JSON of a line of the log.
  return new Set(long.map((word) => JSON.stringify(word).slice(1, -1).slice(0, longest)))
}

/** Every text in a body of JSON or of events; where it is neither, the body. */
function leavesOf(body: string): string[] {
  return documentsIn(body).flatMap(
    (document) => tryTextsOf(document, (key) => !protocol.has(key)) ?? [document],
  )
}

/** The names of models in a body. */
function modelsOf(body: string): string[] {
  return documentsIn(body).flatMap(
    (document) => tryTextsOf(document, (key) => modelNames.has(key)) ?? [],
  )
}

function documentsIn(body: string): string[] {
  if (!body.startsWith('data:')) return [body]
  return [...body.matchAll(/^data: ?(.*)$/gm)].map(([, data = '']) => data)
}

/** Undefined for what is no JSON, or nested too deep to be walked. */
function tryTextsOf(document: string, wanted: (key: string) => boolean): string[] | undefined {
  try {
    return textsOf(JSON.parse(document), wanted)
  } catch {
    return undefined
  }
}

/** The texts in a value, of those members that are wanted. */
function textsOf(value: unknown, wanted: (key: string) => boolean): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' && !wanted(key) ? [] : textsOf(inner, wanted),
  )
}

/** Finds all of these words in a line, however many they are. */
function finderOf(words: Set<string>): (line: string) => string[] {
  const byStart = Map.groupBy(words, (word) => word.slice(0, shortest))
  return (line) => {
    const found: string[] = []
    for (let at = 0; at + shortest <= line.length; at += 1) {
      const candidates = byStart.get(line.slice(at, at + shortest)) ?? []
      found.push(...candidates.filter((word) => line.startsWith(word, at)))
    }
    return found
  }
}

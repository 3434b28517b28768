import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { ConfigError, readConfig } from '../../src/config.ts'
import { startChild } from '../support/child.ts'
import { inParallel } from './support/figures.ts'
import { fromOwnTests } from './support/own-tests.ts'
import type { GatewayProcess } from './support/process.ts'
import { type House, houses, Scene } from './support/secret-houses.ts'
import { partsOf, Witness } from './support/witness.ts'
import { wrongEnvironments } from './support/wrong-starts.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'keys, tokens, prompts and answers stay with those whose they are'

/** Every secret, prompt and answer is one of a kind, and looked for wherever it must not be. */
export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-secrets-'))
  const witness = new Witness()
  const scene = new Scene(witness, folder)
  try {
    const built: House[] = []
    await inParallel(houses, 3, async (build) => void built.push(await build(scene)))
    const healths = await Promise.all(built.map(({ gateway }) => readHealth(gateway)))
    await Promise.all(built.map(({ gateway }) => endInMidstream(gateway)))
    yield fromOutputs(witness, built)
    yield* fromAnswers(witness)
    yield fromHealth(witness, healths)
    yield* fromUpstream(witness, built)
    yield await fromWrongStarts(witness, folder, edition)
    yield await fromOwnTests(edition, folder)
  } finally {
    await scene.close()
    rmSync(folder, { recursive: true })
  }
}

/** Ends a gateway while it sends an answer, and waits until it is gone. */
async function endInMidstream(gateway: GatewayProcess): Promise<void> {
  const messages = [{ role: 'user', content: '[[stall]] [[slow:2000]] Explain this' }]
  const asked = fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gemini-2.5-flash', stream: true, messages }),
  }).then((response) => response.text())
  await sleep(100)
  gateway.process.kill('SIGTERM')
  await Promise.all([gateway.exited(), asked.catch(() => undefined)])
}

async function readHealth({ url }: GatewayProcess): Promise<string> {
  const texts = ['/health', '/health/live', '/health/ready'].map(async (path) => {
    const response = await fetch(url + path)
    return [...response.headers].join('\n') + (await response.text())
  })
  return (await Promise.all(texts)).join('\n')
}

function fromOutputs({ secrets, words }: Witness, built: House[]): Figure {
  const lines = built.flatMap(({ name, gateway }) =>
    gateway
      .output()
      .split('\n')
      .map((line) => ({ line, where: `${name}: ${line}` })),
  )
  const hits = lines.flatMap(({ line, where }) => [
    ...secrets.in(line).map((what) => ({ what, where })),
    ...words.in(line).map(() => ({ what: 'what somebody said', where })),
  ])
  // A log without these would have missed half of what happened.
  const told = ['"severity":"ERROR"', 'client left', 'stream failed', 'Redis', 'SIGTERM']
  const missing = told.filter((one) => !lines.some(({ line }) => line.includes(one)))
  return {
    promise: '0 secrets, prompts and answers in what gateways write at trace',
    ...noneOf(hits, `0 in ${lines.length} lines of ${built.length} gateways`),
    ...(missing.length > 0 && { seen: `Nothing is said of ${missing.join(', ')}`, kept: false }),
  }
}

function* fromAnswers({ secrets, words, answers }: Witness): Generator<Figure> {
  const parted = answers.map((answer) => ({ ...answer, ...partsOf(answer) }))
  const failed = parted.filter(({ failure }) => failure !== '')
  const answered = parted.filter(({ content }) => content !== '')
  const secretsIn = (text: string, where: string) =>
    secrets.in(text).map((what) => ({ what, where }))
  yield {
    promise: '0 secrets in bodies that tell of a failure',
    ...noneOf(
      failed.flatMap(({ what, failure }) => secretsIn(failure, what)),
      `0 in ${failed.length} bodies`,
    ),
  }
  yield {
    promise: '0 secrets in bodies that answer',
    ...noneOf(
      answered.flatMap(({ what, content }) => secretsIn(content, what)),
      `0 in ${answered.length} bodies`,
    ),
  }
  yield {
    promise: '0 secrets in headers of answers',
    ...noneOf(
      answers.flatMap(({ what, headers }) => secretsIn(headers, what)),
      `0 in ${answers.length} answers`,
    ),
  }
  const strangers = answers.flatMap(({ what: where, words: own, headers, body }) =>
    words
      .in(headers + body)
      .filter((whose) => whose !== own)
      .map((whose) => ({ what: 'somebody else’s words', where: `${whose} in ${where}` })),
  )
  const speaking = answered.filter(({ content }) => words.in(content).length > 0)
  yield {
    promise: 'nobody’s prompt or answer comes to anybody else',
    ...noneOf(
      strangers,
      `0 in ${answers.length} answers, of which ${speaking.length} say their own`,
    ),
  }
  const repeating = answers.flatMap(({ what, headers }) => {
    // It names what the client sent and Gemini does not know.
    const others = headers.replaceAll(/^x-pollux-ignored: .*$/gm, '')
    return words.in(others).map(() => ({ what: 'somebody’s own words', where: what }))
  })
  yield {
    promise: 'no header of an answer repeats what was said',
    ...noneOf(repeating, `0 in ${answers.length} answers`),
  }
}

function fromHealth({ secrets, words }: Witness, healths: string[]): Figure {
  const hits = healths.flatMap((health) =>
    [...secrets.in(health), ...words.in(health).map(() => 'what somebody said')].map((what) => ({
      what,
      where: health,
    })),
  )
  return {
    promise: '0 secrets, prompts and answers in /health',
    ...noneOf(hits, `0 in ${healths.length} gateways`),
  }
}

/** Secrets go upstream as the one header of a credential, and no other secret does. */
function* fromUpstream({ secrets, answers }: Witness, built: House[]): Generator<Figure> {
  const asked = built.flatMap(({ name, mirror, own }) =>
    (mirror?.received ?? []).map((received) => ({ ...received, name, own })),
  )
  const [tokens = [], models = []] = [true, false].map((wanted) =>
    asked.filter(({ url }) => url.includes('token') === wanted),
  )
  const strangers = models.flatMap(({ name, url, headers, body, own }) => {
    const { authorization = '', 'x-goog-api-key': key = '', ...others } = headers
    return [
      ...secrets.in(authorization + key).filter((what) => !own.includes(what)),
      ...secrets.in(url + body + JSON.stringify(others)),
    ].map((what) => ({ what, where: `${name}: ${url}` }))
  })
  const credited = models.filter(
    ({ headers }) => secrets.in(`${headers.authorization}${headers['x-goog-api-key']}`).length > 0,
  )
  yield {
    promise: 'upstream sees its own credential alone, in one header alone, never in a URL',
    ...noneOf(strangers, `0 others in ${models.length} requests`),
    // Where nobody showed a credential, nothing was looked for.
    ...(credited.length < 300 && { seen: `Only ${credited.length} had a credential`, kept: false }),
  }
  const taken = new Set(
    answers
      .filter(({ what, status }) => status === 200 && what.endsWith(', tokens answer'))
      .map(({ what }) => what),
  )
  const open = tokens.flatMap(({ url }) => secrets.in(url).map((what) => ({ what, where: url })))
  yield {
    promise: '0 secrets in the addresses of token requests',
    ...noneOf(open, `0 in ${tokens.length} requests, with ${taken.size} kinds of credentials`),
    // Workload and workforce identity and the machine; with openssl a service account and a person.
    ...(taken.size < 3 && { seen: 'no token was to be had', kept: false }),
  }
}

/** Mistakes in every variable that holds a secret, each at a start of its own. */
async function fromWrongStarts(
  { secrets }: Witness,
  folder: string,
  edition: Edition,
): Promise<Figure> {
  const starts = wrongEnvironments(secrets, folder)
  const hits: Hit[] = []
  let refused = 0
  await inParallel(starts, 4, async (env) => {
    // A process writes this sentence and ends; to see that takes half a second each.
    const said = (edition === 'short' ? refusalOf(env) : undefined) ?? (await startWrongly(env))
    if (said.includes('cannot start')) refused += 1
    const where = `${Object.keys(env).join(', ')}: ${said}`
    hits.push(...secrets.in(said).map((what) => ({ what, where })))
  })
  return {
    promise: '0 secrets in what is said about a wrong configuration',
    ...noneOf(hits, `0 in ${starts.length} starts, of which ${refused} are refused in a sentence`),
  }
}

/** What a gateway that would not start writes about it; undefined where it would. */
function refusalOf(env: Record<string, string>): string | undefined {
  try {
    return void readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return `Pollux cannot start: ${error.message}`
    // Nobody catches it: Node writes all that is in it.
    return inspect(error)
  }
}

/** What a process writes, which ends by itself or is ended. */
async function startWrongly(env: Record<string, string>): Promise<string> {
  const child = startChild({ LOG_LEVEL: 'trace', ...env })
  const served = child.until('/v1 from').then(() => sleep(300))
  await Promise.race([served, child.exited()]).catch(() => undefined)
  child.kill()
  return child.output()
}

/** Something where it must not be. */
interface Hit {
  what: string
  where: string
}

/** How often each thing was found, and where first. */
function noneOf(hits: Hit[], otherwise: string): Pick<Figure, 'seen' | 'kept'> {
  const groups = [...Map.groupBy(hits, ({ what }) => what)].map(([what, found]) => {
    const places = new Set(found.map(({ where }) => where.slice(0, 400)))
    return `\n      ${found.length} × ${what}: ${[...places].slice(0, 3).join(' | ')}`
  })
  return hits.length === 0
    ? { seen: otherwise, kept: true }
    : { seen: `${hits.length} hits${groups.join('')}`, kept: false }
}

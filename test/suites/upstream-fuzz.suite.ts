import { Agent } from 'node:http'
import { startMetadataServer } from '../../src/emulator/metadata.ts'
import { openaiChunk, openaiResponse } from '../support/openai-contract.ts'
import { shared } from '../support/shared.ts'
import type { Seen } from './support/answer.ts'
import { ask } from './support/ask.ts'
import { diceFrom } from './support/dice.ts'
import { inParallel, percentile } from './support/figures.ts'
import { collectSamples, type Sample } from './support/fuzz-corpus.ts'
import { mutate, unchanged } from './support/mutate.ts'
import { startGatewayProcess } from './support/process.ts'
import { startWireUpstream, type WireAnswer } from './support/wire-upstream.ts'
import type { Edition, Figure } from './suite.ts'

export const about =
  'whatever Google may send, clients get an answer or an error as OpenAI writes them'

/** A mutant that came to something else. `SUITE_SEED` and `SUITE_CASE` play it again. */
interface Finding {
  at: number
  kind: string
  done: string[]
  complaint: string
}

/** Good answers of every kind, as they are and then mutated. */
export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const count = edition === 'long' ? 100_000 : 10_000
  const seed = Number(process.env.SUITE_SEED ?? (edition === 'long' ? Date.now() % 1_000_000 : 1))
  const only = process.env.SUITE_CASE
  const samples = await collectSamples()
  const table = await setTable()
  const findings: Finding[] = []
  const times: number[] = []
  const came = { answer: 0, refusal: 0, break: 0 }
  try {
    yield await asTheyAre(samples, table)
    const cases = only === undefined ? Array(count).keys() : [Number(only)]
    await inParallel(cases, 16, async (at) => {
      const dice = diceFrom(seed * 1_000_003 + at)
      const sample = dice.pick(samples)
      const { answer, done } = mutate(sample, dice)
      const began = performance.now()
      const { ending, complaints } = await table.serve(sample, answer)
      times.push(performance.now() - began)
      if (ending !== undefined) came[ending] += 1
      const [complaint] = complaints
      if (complaint !== undefined) findings.push({ at, kind: sample.kind, done, complaint })
      if (only !== undefined) console.log(answer.writes.map(String).join(''), complaints)
    })
    yield {
      promise: `only answers and errors as OpenAI writes them come of ${count} mutants`,
      seen: `${findings.length} others, seed ${seed}${listed(findings)}`,
      kept: findings.length === 0,
    }
    yield {
      promise: 'mutants come to every end',
      seen: `${came.answer} answers, ${came.refusal} refusals, ${came.break} streams that break`,
      kept: only !== undefined || Math.min(...Object.values(came)) > count / 20,
    }
    const { gateway } = table
    const { exitCode } = gateway.process
    yield {
      promise: '0 crashes, 0 unhandled rejections',
      seen: exitCode === null ? '0' : `exit ${exitCode}: ${gateway.output().slice(-500)}`,
      kept: exitCode === null,
    }
    const slowest = percentile(times, 1)
    yield {
      promise: 'no answer takes longer than Google may be silent',
      seen: `p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms`,
      kept: slowest < 1000 * patienceSeconds + 2_000,
    }
  } finally {
    await table.close()
  }
}

/** How long the gateway waits for Google. */
const patienceSeconds = 3

interface Served {
  ending: 'answer' | 'refusal' | 'break' | undefined
  complaints: string[]
}

/** A gateway whose Google answers each question with the bytes it is given. */
async function setTable() {
  const answers = new Map<number, WireAnswer>()
  const upstream = await startWireUpstream(({ path }) => {
    const answer = answers.get(Number(/-case(\d+)/.exec(path)?.[1]))
    if (answer === undefined) throw new Error(`Nothing to answer at ${path}.`)
    return answer
  })
  const metadata = await startMetadataServer()
  const gateway = await startGatewayProcess(upstream.url, {
    GOOGLE_CLOUD_PROJECT: 'a-project',
    GOOGLE_VERTEX_BASE_URL: upstream.url,
    GCE_METADATA_HOST: metadata.host,
    POLLUX_RETRIES: '0',
    POLLUX_FIRST_BYTE_TIMEOUT_SECONDS: String(patienceSeconds),
    POLLUX_IDLE_TIMEOUT_SECONDS: String(patienceSeconds),
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  let questions = 0
  return {
    gateway,
    /** Asks what the sample asks, has it answered like this, and looks at what comes of it. */
    async serve({ question }: Sample, answer: WireAnswer): Promise<Served> {
      questions += 1
      const name = `${question.model}-case${questions}`
      answers.set(questions, answer)
      try {
        const seen = await ask(agent, gateway.url, { ...question, model: name })
        return { ending: endingOf(seen), complaints: complaintsOf(seen, question) }
      } catch (error) {
        return { ending: undefined, complaints: [String(error)] }
      }
    },
    async close() {
      agent.destroy()
      gateway.kill()
      await Promise.all([upstream.close(), metadata.close()])
    },
  }
}

function endingOf({ status, error }: Seen): Served['ending'] {
  if (error === undefined) return 'answer'
  return status === 200 ? 'break' : 'refusal'
}

/** Without a mutation, everything has to come as Google meant it: else the stand-in itself is wrong. */
async function asTheyAre(
  samples: readonly Sample[],
  table: Awaited<ReturnType<typeof setTable>>,
): Promise<Figure> {
  const wrong: string[] = []
  for (const sample of samples) {
    const { ending, complaints } = await table.serve(sample, unchanged(sample))
    const failing = sample.kind === 'an error in the stream' ? 'break' : 'answer'
    const expected = sample.status === 200 ? failing : 'refusal'
    if (ending !== expected) wrong.push(`${sample.kind}: ${ending}`)
    wrong.push(...complaints.map((complaint) => `${sample.kind}: ${complaint}`))
  }
  return {
    promise: `${samples.length} answers come through unchanged`,
    seen: wrong.length === 0 ? 'they do' : wrong.join('; '),
    kept: wrong.length === 0,
  }
}

/** Beyond what holds of any answer: OpenAI's own schema where it is at hand, and no mistake of ours. */
function complaintsOf(seen: Seen, question: Sample['question']): string[] {
  const { error, chunks, completion, complaints } = seen
  if (error?.message.startsWith('The gateway made a mistake'))
    return [...complaints, 'the gateway blames itself']
  // OpenAI's schema of a chunk knows calls of functions only.
  const custom = JSON.stringify(question).includes('"custom"')
  if (shared === undefined || custom) return complaints
  return [
    ...complaints,
    ...chunks.flatMap((chunk) => openaiChunk(chunk)),
    ...(completion === undefined ? [] : openaiResponse(completion)),
  ]
}

/** The first of each sort, and how many there are. */
function listed(findings: Finding[]): string {
  const sorts = Map.groupBy(findings, ({ complaint }) => complaint.replaceAll(/["{[].*|\d+/gs, '…'))
  return [...sorts.values()]
    .toSorted((a, b) => b.length - a.length)
    .slice(0, 20)
    .map((sort) => {
      const [{ at, kind, done, complaint }] = sort as [Finding]
      return `\n      ${sort.length} such as case ${at} (${kind}: ${done.join(', ')}): ${complaint}`
    })
    .join('')
}

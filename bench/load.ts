import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { made, programs } from './build.ts'
import type { Case } from './cases.ts'
import type { Contestant, Running } from './contestants.ts'
import { core, spawnOn } from './process.ts'

/** What the generator saw in one round. */
export interface Seen {
  answers: number
  marks: number
  asked: number
  windowNs: number
  cpuNs: number
  rssKb: number
  wholeUs: { count: number; p50: number; p99: number }
  firstUs: { p50: number; p99: number }
}

/** Asks for one round. Throws where an answer is wrong or missing. */
export async function load(
  contestant: Contestant,
  { port, pid }: Running,
  given: Case,
  more: Record<string, number> = {},
): Promise<Seen> {
  const child = spawnOn(core.others, generator(contestant, { port, pid }, given, more), {
    name: 'generator',
  })
  if (child.stdout === null) throw new Error('The generator has no output.')
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0)
    throw new Error(`${contestant.name} gave a wrong answer in the case ${given.name}.`)
  return JSON.parse(output)
}

function generator(
  { name, translates, streamEnd, headers = {} }: Contestant,
  { port, pid }: { port: number; pid?: number },
  given: Case,
  more: Record<string, number>,
): string[] {
  const { model, stream, body, marks, connections, seconds, ramp } = given
  const file = join(made, `${given.name}-${name}.json`)
  writeFileSync(file, JSON.stringify({ model, stream, ...body }))
  const google = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  const path = translates ? '/v1/chat/completions' : `/v1beta/models/${model}:${google}`
  const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`)
  const options = {
    port,
    path,
    body: file,
    headers: lines.join(''),
    marks,
    connections,
    seconds,
    ramp,
    ...(stream && { end: streamEnd }),
    ...(pid !== undefined && { watch: pid }),
    ...more,
  }
  return [
    programs.generator,
    ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]),
  ]
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { LogEntry } from '../../src/emulator/log.ts'
import type { Emulator } from '../../src/emulator/server.ts'
import { type FaultRow, faultRows, type Healthy, type SiteName } from './support/fault-rows.ts'
import { type Site, type Sites, startSites } from './support/fault-sites.ts'
import { inParallel } from './support/figures.ts'
import { complaintsOf, differ, inWords, isMerelyLate } from './support/must.ts'
import { healthyAnswer, textOf } from './support/native.ts'
import {
  type ChatBody,
  type Client,
  type Experience,
  rawClient,
  sdkClient,
} from './support/two-clients.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'whatever goes wrong upstream, the client gets its error or its answer'

const clients: Record<string, Client> = { raw: rawClient, SDK: sdkClient }

/** Letters of two, three and four bytes; no `x`, which faults put in. */
const said = 'Grüße aus 東京, naïve Füße 🎈 und so fort '.repeat(12).trim()

/** One row with one client, whole or streamed. */
interface Cell {
  row: FaultRow
  client: string
  stream: boolean
  /** Names the cell upstream. */
  mark: string
}

/** The fault matrix: every row whole and streamed, with the official client and with a raw one. */
export async function* suite(_: Edition): AsyncGenerator<Figure> {
  const rows = faultRows()
  const cells = rows.flatMap(cellsOf)
  const asked = new Map<string, number>()
  let healthy: Healthy | undefined
  const sites = await startSites((path) => {
    const cell = cells.find(({ mark }) => mark === markIn(path))
    if (cell?.row.bytes === undefined || healthy === undefined) throw new Error(`${path}?`)
    asked.set(cell.mark, (asked.get(cell.mark) ?? 0) + 1)
    const { whole, streamed } = cell.row.bytes(healthy)
    return cell.stream ? streamed : whole
  })
  try {
    const { url, log } = sites.emulator
    healthy = await healthyAnswer(url, `Repeat: ${said}`)
    const pieces = healthy.events.map(textOf)
    const wrongs = new Map<Cell, string[]>()
    const ask = async (some: Cell[], width: number) =>
      inParallel(some, width, async (cell) => {
        const must = cell.stream ? cell.row.streamed : cell.row.whole
        const once = async () => complaintsOf(must, await live(cell, sites.at(cell.row.at)), pieces)
        let wrong = await once()
        // Whatever else the machine does only adds: who was merely late is asked again.
        for (let again = 0; again < 2 && isMerelyLate(wrong); again += 1) {
          cell.mark = `${cell.mark}-again`
          wrong = await once()
        }
        wrongs.set(cell, wrong)
      })
    const byGateway = [...Map.groupBy(cells, ({ row }) => sites.at(row.at).gateway)]
    const isTimed = ({ row }: Cell) => row.at === 'hasty' || row.at === 'beating'
    // What is told by the clock comes first, while the processor has nothing else to do.
    for (const phase of [isTimed, (cell: Cell) => !isTimed(cell)]) {
      await Promise.all(
        byGateway.map(([gateway, some]) => ask(some.filter(phase), sites.widthOf(gateway))),
      )
    }
    await settled(sites)
    for (const { body } of log.entries) {
      const mark = markIn(JSON.stringify(body) ?? '')
      asked.set(mark, (asked.get(mark) ?? 0) + 1)
    }
    for (const [cell, wrong] of wrongs)
      wrong.push(...complaintsOfAsking(cell, asked.get(cell.mark)))
    for (const row of rows) yield figureOf(row, wrongs)
    yield* afterwards(sites)
  } finally {
    await sites.close()
  }
}

function cellsOf(row: FaultRow, at: number): Cell[] {
  return Object.keys(clients).flatMap((client) =>
    [false, true].map((stream) => ({
      row,
      client,
      stream,
      mark: `cell-${at}-${client}-${stream}`,
    })),
  )
}

async function live(cell: Cell, { gateway, prefix }: Site): Promise<Experience> {
  const { row, client, stream, mark } = cell
  // What is counted is counted for each cell.
  const word = row.word.includes('times=') ? `${row.word};key=${mark}` : row.word
  const fault = word === '' ? '' : ` [[fault:${word}]]`
  const model = row.at === 'wire' ? `gemini-2.5-${mark}` : 'gemini-2.5-flash'
  const ask = clients[client] ?? rawClient
  return ask(gateway.url, question(`${prefix}${model}`, stream, mark, fault))
}

function question(model: string, stream: boolean, mark: string, fault: string): ChatBody {
  const messages: ChatBody['messages'] = [
    { role: 'system', content: mark },
    { role: 'user', content: `Repeat: ${said}${fault}` },
  ]
  return { model, messages, stream }
}

/** Where nobody hears the question, nobody counts how often it is asked. */
const deaf: SiteName[] = ['refused', 'untrusted', 'blackhole']

/** Google is asked as often as the client is told. */
function complaintsOfAsking({ row, stream }: Cell, asked: number | undefined): string[] {
  if (deaf.includes(row.at)) return []
  const must = stream ? row.streamed : row.whole
  return differ('asked', asked, must.comes === 'break' ? 1 : (must.asked ?? must.tries ?? 1))
}

function figureOf(row: FaultRow, wrongs: Map<Cell, string[]>): Figure {
  const cells = [...wrongs].filter(([cell]) => cell.row === row)
  const wrong = cells.filter(([, complaints]) => complaints.length > 0)
  const told = wrong.map(
    ([{ client, stream }, complaints]) =>
      `\n      ${client}, ${stream ? 'streamed' : 'whole'}: ${complaints.join('; ')}`,
  )
  return {
    promise: `${row.fault} -> ${inWords(row.whole)}, streamed ${inWords(row.streamed)}`,
    seen: `${cells.length - wrong.length} of ${cells.length} cells right${told.join('')}`,
    kept: wrong.length === 0,
  }
}

/** Calls upstream that nobody reads any more have to be ended by the gateway; the crowd still waits. */
async function settled({ emulator }: Sites): Promise<void> {
  const deadline = performance.now() + 2_000
  while (openCalls(emulator).length > 0 && performance.now() < deadline) await sleep(20)
}

function openCalls({ log }: Emulator): LogEntry[] {
  return log.entries.filter((one) => one.ended === undefined && markIn(JSON.stringify(one)) !== '')
}

async function* afterwards({ emulator, gateways }: Sites): AsyncGenerator<Figure> {
  const open = openCalls(emulator)
  yield {
    promise: 'no call upstream outlives its answer',
    seen: `${open.length} of ${emulator.log.count} still run`,
    kept: open.length === 0,
  }
  const followed = emulator.log.entries.filter(({ path }) => path === '/redirected')
  yield {
    promise: 'no redirect is followed',
    seen: `${followed.length} followed`,
    kept: followed.length === 0,
  }
  const dead = gateways.filter((gateway) => gateway.process.exitCode !== null)
  const blamed = gateways.flatMap(
    (gateway) => gateway.output().match(/"status":500\b.*"error":/g) ?? [],
  )
  yield {
    promise: 'no gateway ends, and none takes a fault for its own',
    seen: `${dead.length} ended, ${blamed.length} took it for their own`,
    kept: dead.length === 0 && blamed.length === 0,
  }
}

function markIn(path: string): string {
  return /cell-[\w-]+/.exec(path)?.[0] ?? ''
}

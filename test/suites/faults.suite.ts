import { type FaultRow, faultRows, wirePieces } from './support/fault-rows.ts'
import { type Site, type Sites, startSites } from './support/fault-sites.ts'
import { inParallel } from './support/figures.ts'
import { complaintsOf, differ, inWords } from './support/must.ts'
import { nativeEvents, textOf } from './support/native.ts'
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
  const cells = faultRows.flatMap((row, at) =>
    Object.keys(clients).flatMap((client) =>
      [false, true].map((stream) => ({
        row,
        client,
        stream,
        mark: `cell-${at}-${client}-${stream}`,
      })),
    ),
  )
  const asked = new Map<string, number>()
  const sites = await startSites((path) => {
    const mark = markIn(path)
    asked.set(mark, (asked.get(mark) ?? 0) + 1)
    const cell = cells.find((one) => one.mark === mark)
    const bytes = cell?.row.bytes
    if (cell === undefined || bytes === undefined) throw new Error(`Nothing to answer at ${path}.`)
    return cell.stream ? bytes.streamed : bytes.whole
  })
  try {
    const pieces = (await nativeEvents(sites.emulator.url, `Repeat: ${said}`)).map(textOf)
    const wrongs = new Map<Cell, string[]>()
    await inParallel(cells, 32, async (cell) => {
      const seen = await live(cell, sites.at(cell.row.at))
      const told = cell.row.at === 'wire' ? wirePieces : pieces
      wrongs.set(cell, complaintsOf(cell.stream ? cell.row.streamed : cell.row.whole, seen, told))
    })
    await settled(sites)
    for (const entry of sites.emulator.log.entries) {
      const mark = /cell-[\w-]+/.exec(JSON.stringify(entry.body))?.[0] ?? ''
      asked.set(mark, (asked.get(mark) ?? 0) + 1)
    }
    for (const [cell, wrong] of wrongs)
      wrong.push(...complaintsOfAsking(cell, asked.get(cell.mark)))
    for (const row of faultRows) yield figureOf(row, wrongs)
    yield* afterwards(sites)
  } finally {
    await sites.close()
  }
}

async function live(
  { row, client, stream, mark }: Cell,
  { url, prefix }: Site,
): Promise<Experience> {
  const word = row.word?.includes('times=') ? `${row.word};key=${mark}` : row.word
  const fault = word === undefined ? '' : ` [[fault:${word}]]`
  const model = row.at === 'wire' ? `gemini-2.5-${mark}` : 'gemini-2.5-flash'
  const ask = clients[client] ?? rawClient
  return ask(url, question(`${prefix}${model}`, stream, mark, fault))
}

function question(model: string, stream: boolean, mark: string, fault: string): ChatBody {
  const messages: ChatBody['messages'] = [
    { role: 'system', content: mark },
    { role: 'user', content: `Repeat: ${said}${fault}` },
  ]
  return { model, messages, stream }
}

/** How often Google was asked: what the client is told, where Google could hear it at all. */
function complaintsOfAsking({ row, stream }: Cell, asked: number | undefined): string[] {
  const must = stream ? row.streamed : row.whole
  if (!['emulator', 'vertex', 'hasty', 'beating', 'wire'].includes(row.at)) return []
  if (must.comes === 'break') return differ('asked', asked, 1)
  if (must.asked === 'any') return (asked ?? 0) > 3 ? [`asked ${asked} times`] : []
  return differ('asked', asked, must.asked ?? must.tries ?? 1)
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

/** Calls upstream that nobody reads any more have to be ended by the gateway. */
async function settled({ emulator }: Sites): Promise<void> {
  const open = emulator.log.entries.filter(({ ended }) => ended === undefined)
  await Promise.race([
    Promise.all(open.map(({ number }) => emulator.log.ended(number))),
    new Promise((resolve) => setTimeout(resolve, 2_000)),
  ])
}

async function* afterwards({ emulator, gateways }: Sites): AsyncGenerator<Figure> {
  const open = emulator.log.entries.filter(({ ended }) => ended === undefined)
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

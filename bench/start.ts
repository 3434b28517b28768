import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { npmStartOf } from '../test/support/npm-start.ts'
import { freePort } from '../test/support/port.ts'
import { endWithUs } from '../test/suites/support/ends-with-us.ts'
import { rssOf } from '../test/suites/support/process.ts'
import { everything } from './contestants/pollux.ts'
import { layOut } from './image.ts'

/**
 * `node bench/start.ts [--rounds=15] [--image] [checkout …]`: from the start of the process until it
 * listens, and the memory that it holds then, beside a server of Node's that does nothing; each as it is
 * delivered, and with everything switched on. All take turns; a first round, which fills the caches, is
 * not counted. `--image` adds what the Dockerfile makes, of each checkout.
 */
const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    image: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})

interface Contestant {
  name: string
  folder: string
  command: string[]
  env?: Record<string, string>
}

/** One start. Times in milliseconds, memory in MB. */
interface Seen {
  listening: number
  /** Of all threads, until then. */
  cpu: number
  /** A second later. */
  idle: number
  /** After 200 small requests. */
  used: number
}

const nothing = "require('node:http').createServer((_, to) => to.end()).listen(process.env.PORT)"
const floor = { name: 'node:http alone', folder: '/', command: [process.execPath, '-e', nothing] }
const project = join(import.meta.dirname, '..')
const checkouts = [project, ...positionals.map((path) => resolve(path))]
const images = values.image ? checkouts.map((checkout) => layOut(checkout)) : []
const ways: Contestant[] = [
  ...checkouts.map((folder, n) => {
    const { nodeOptions, entry } = npmStartOf(folder)
    const command = [process.execPath, ...nodeOptions, entry]
    return { name: `from source${of(n)}`, folder, command }
  }),
  ...images.map(({ root, workdir, entrypoint, env, size }, n) => ({
    name: `as in the image${of(n)} (${(size / 1e6).toFixed(0)} MB and its base)`,
    folder: workdir,
    command: entrypoint.map((part) => part.replace(/^\//, `${root}/`)),
    // Its user can write nowhere, and so has no cache from one start to the next; we could.
    env: { ...env, NODE_DISABLE_COMPILE_CACHE: '1' },
  })),
]
const contestants: Contestant[] = [
  floor,
  ...ways.flatMap((way) => [
    way,
    { ...way, name: `${way.name}, everything on`, env: { ...way.env, ...everything } },
  ]),
]

/** One that the file has too. */
const clientKey = 'bench-key'
const question = JSON.stringify({
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: 'Hi!' }],
})
const upstream = createServer((asked, answer) => {
  asked.resume().on('end', () => {
    answer.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        candidates: [
          { content: { role: 'model', parts: [{ text: 'Hi.' }] }, finishReason: 'STOP' },
        ],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
      }),
    )
  })
}).listen(0, '127.0.0.1')
await once(upstream, 'listening')
// Only a server on a pipe has a string for an address, and only a closed one has none.
const google = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`

const seen = new Map<string, Seen[]>(contestants.map(({ name }) => [name, []]))
for (let round = 0; round <= Number(values.rounds); round += 1) {
  for (const contestant of contestants) {
    const one = await start(contestant)
    if (round > 0) seen.get(contestant.name)?.push(one)
  }
}
upstream.close()
for (const { root } of images) rmSync(dirname(root), { recursive: true })

const floors = (seen.get(floor.name) ?? []).map(({ listening }) => listening)
console.log(
  '| median [least, most] | until it listens, ms | × Node’s | CPU, ms | idle, MB | after 200 requests, MB |',
)
console.log('|---|---|---|---|---|---|')
for (const [name, rounds] of seen) {
  const ratios = rounds.map(({ listening }, n) => listening / (floors[n] ?? Number.NaN))
  const cells = [
    spread(rounds.map((one) => one.listening)),
    spread(ratios, 1),
    spread(rounds.map((one) => one.cpu)),
    spread(rounds.map((one) => one.idle)),
    spread(rounds.map((one) => one.used)),
  ]
  console.log(`| ${[name, ...cells].join(' | ')} |`)
}

/** Which checkout, where it is not this one. */
function of(n: number): string {
  return n === 0 ? '' : `, ${checkouts[n]}`
}

async function start({ folder, command, env }: Contestant): Promise<Seen> {
  const port = await freePort()
  const [program = '', ...args] = command
  const from = performance.now()
  const child = spawn(program, args, {
    cwd: folder,
    // HOME would lead to credentials of whoever measures.
    env: {
      HOME: '/nonexistent',
      GEMINI_API_KEY: 'key-of-nobody',
      GOOGLE_GEMINI_BASE_URL: google,
      POLLUX_API_KEYS: clientKey,
      ...env,
      HOST: '127.0.0.1',
      PORT: String(port),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  endWithUs(child)
  while (!(await connects(port))) {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} exited.`)
    await sleep(1)
  }
  const listening = performance.now() - from
  const { pid = 0 } = child
  const cpu = cpuOf(pid)
  await sleep(1_000)
  const idle = rssOf(pid)
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  for (let n = 0; n < 50; n += 1) {
    await Promise.all([1, 2, 3, 4].map(() => ask(port, agent)))
  }
  agent.destroy()
  const used = rssOf(pid)
  await end(child)
  return { listening, cpu, idle, used }
}

async function connects(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Of all its threads, in milliseconds. */
function cpuOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'))
    .reduce((sum, stat) => sum + Number.parseInt(stat, 10) / 1e6, 0)
}

async function ask(port: number, agent: Agent): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${clientKey}` }
  const options = { port, agent, headers, method: 'POST', path: '/v1/chat/completions' }
  const asked = request('http://127.0.0.1', options).end(question)
  const [answer] = await once(asked, 'response')
  if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`)
  await once(answer.resume(), 'end')
}

async function end(child: ChildProcess): Promise<void> {
  child.kill()
  await once(child, 'exit')
}

function spread(values: number[], digits = 0): string {
  const sorted = values.toSorted((one, other) => one - other)
  const [least, median, most] = [0, 0.5, 1].map((part) =>
    (sorted[Math.round(part * (sorted.length - 1))] ?? Number.NaN).toFixed(digits),
  )
  return `${median} [${least}, ${most}]`
}

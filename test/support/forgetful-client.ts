import { eventsIn } from './raw-client.ts'
import { isRecord } from './shared.ts'

/** One answer of the loop, as far as the client looked at it. */
export interface Step {
  status: number
  /** The body, for messages of failures. */
  text: string
  /** `x-pollux-repaired`. */
  repaired: string[]
  content: string
  calls: SeenCall[]
}

export interface SeenCall {
  id: string
  name: string
  arguments: string
  /** What the client saw, and perhaps forgot. */
  signature: string | undefined
}

export interface LoopOptions {
  model: string
  stream?: boolean
  headers?: Record<string, string>
  /** What the client makes of an id before it sends it back. */
  rewrite?: (id: string) => string
  /** Sends back the signatures too. */
  faithful?: boolean
  /** Comes before the question. */
  history?: object[]
  question?: string
  /** Happens before the request of this number is sent. */
  before?: (step: number) => unknown
}

/** Three steps of two parallel calls each, which the emulator ends with a text. */
const question = 'Look up the weather in Paris and Rome, then the hotels, then send a mail.'

/** The functions that the question needs. */
export const tools = [
  declare('get_weather', 'city'),
  declare('find_hotels', 'city'),
  declare('send_mail', 'to'),
]

/**
 * Plays a tool loop to its end with raw JSON, as the many clients do that rebuild a call from
 * `id`, `type` and `function` alone: the signature is lost. `urlAt` says whom each step asks.
 */
export async function playLoop(
  urlAt: (step: number) => string,
  options: LoopOptions,
): Promise<Step[]> {
  const { rewrite = (id) => id, faithful = false, history = [], before } = options
  const messages: object[] = [...history, { role: 'user', content: options.question ?? question }]
  const steps: Step[] = []
  for (let at = 0; at < 8; at += 1) {
    await before?.(at)
    const step = await post(urlAt(at), messages, options)
    steps.push(step)
    if (step.calls.length === 0) return steps
    const calls = step.calls.map(({ id, name, arguments: args, signature }) => ({
      id: rewrite(id),
      type: 'function',
      function: { name, arguments: args },
      ...(faithful &&
        signature !== undefined && { extra_content: { google: { thought_signature: signature } } }),
    }))
    messages.push({ role: 'assistant', content: null, tool_calls: calls })
    // Results come back in whatever order they were ready.
    messages.push(
      ...calls
        .map(({ id }) => ({ role: 'tool', tool_call_id: id, content: '{"ok":true}' }))
        .toReversed(),
    )
  }
  throw new Error('The loop did not come to an end.')
}

async function post(url: string, messages: object[], options: LoopOptions): Promise<Step> {
  const { model, stream = false, headers } = options
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, stream, tools, messages }),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  const repaired = (response.headers.get('x-pollux-repaired') ?? '').split(', ').filter(Boolean)
  const { content, calls } = stream ? readStream(text) : readWhole(text)
  return { status: response.status, text, repaired, content, calls }
}

interface WireCall {
  index?: number
  id?: string
  function?: { name?: string; arguments?: string }
  extra_content?: { google?: { thought_signature?: string } }
}

function readWhole(text: string): Pick<Step, 'content' | 'calls'> {
  const answer: unknown = JSON.parse(text)
  const choice: unknown = isRecord(answer) && Array.isArray(answer.choices) ? answer.choices[0] : {}
  const said = isRecord(choice) && isRecord(choice.message) ? choice.message : {}
  const calls: WireCall[] = Array.isArray(said.tool_calls) ? said.tool_calls : []
  return { content: typeof said.content === 'string' ? said.content : '', calls: join(calls) }
}

function readStream(text: string): Pick<Step, 'content' | 'calls'> {
  const deltas = eventsIn(text)
    .filter((event) => event !== '[DONE]')
    .flatMap((event) => {
      const chunk: { choices?: { delta: { content?: string; tool_calls?: WireCall[] } }[] } =
        JSON.parse(event)
      return (chunk.choices ?? []).map(({ delta }) => delta)
    })
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    calls: join(deltas.flatMap(({ tool_calls }) => tool_calls ?? [])),
  }
}

/** Pieces of calls belong together by their index; whole calls have none. */
function join(pieces: WireCall[]): SeenCall[] {
  const groups = Map.groupBy(pieces, ({ index }, at) => index ?? at)
  return [...groups.values()].map((group) => ({
    id: group.map(({ id }) => id ?? '').join(''),
    name: group.map((piece) => piece.function?.name ?? '').join(''),
    arguments: group.map((piece) => piece.function?.arguments ?? '').join(''),
    signature: group.find((piece) => piece.extra_content)?.extra_content?.google?.thought_signature,
  }))
}

function declare(name: string, parameter: string): object {
  const parameters = {
    type: 'object',
    properties: { [parameter]: { type: 'string' } },
    required: [parameter],
  }
  return { type: 'function', function: { name, description: `${name}, please`, parameters } }
}

/** How often each source gave a signature, as `GET /health` tells it. */
export interface Counts {
  client: number
  store: number
  dummy: number
}

export async function countsOf(url: string): Promise<Counts> {
  const health: unknown = await (await fetch(`${url}/health`)).json()
  const counts = isRecord(health) && isRecord(health.signatures) ? health.signatures : {}
  return {
    client: Number(counts.client),
    store: Number(counts.store),
    dummy: Number(counts.dummy),
  }
}

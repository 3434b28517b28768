import { type ByHand, startByHand } from '../../src/emulator/by-hand.ts'
import type { Ability } from './clients.ts'

/** What the model saw of a client. */
export interface Witnessed {
  /** The abilities for which something reached the model. */
  abilities: Ability[]
  /** How many steps the longest loop of tools took. */
  steps: number
  /** The same, of loops in which calls stood side by side. */
  parallelSteps: number
  /** How many requests with results of tools the model refused. */
  refusals: number
}

/** The emulator, and what it remembers of those who asked. */
export interface Witness {
  url: string
  tell(): Witnessed
  close(): Promise<void>
}

/** Gemini's words, as far as they bear witness. */
interface Asking {
  contents?: { role?: string; parts?: Part[] }[]
  generationConfig?: {
    responseSchema?: unknown
    responseJsonSchema?: unknown
    responseLogprobs?: boolean
    thinkingConfig?: { includeThoughts?: boolean }
  }
  toolConfig?: { functionCallingConfig?: { mode?: string } }
}

interface Part {
  functionCall?: unknown
  functionResponse?: unknown
  inlineData?: { mimeType?: string }
}

/** Starts an emulator that answers as ever, where the script has nothing else, and watches. */
export async function startWitness(script: object[] = []): Promise<Witness> {
  const emulator = await startByHand({ script })
  emulator.answer((asked) => asked.usual())
  return { url: emulator.url, tell: () => witnessed(emulator), close: () => emulator.close() }
}

function witnessed({ requests, log }: ByHand): Witnessed {
  // The emulator has checked that these bodies are Gemini's.
  const asked = requests.map(({ body, framing }) => ({ body: body as Asking, framing }))
  const bodies = asked.map(({ body }) => body)
  const parts = bodies.flatMap(({ contents = [] }) => contents.flatMap((one) => one.parts ?? []))
  const media = parts.map(({ inlineData }) => inlineData?.mimeType ?? '')
  const loops = bodies.map(callsOf)
  const parallel = loops.filter((steps) => steps.some((calls) => calls > 1))
  const left = log.entries.filter(({ ended }) => ended?.startsWith('cancelled'))
  const seen: Partial<Record<Ability, boolean>> = {
    text: asked.length > 0,
    stream: asked.some(({ framing }) => framing !== 'whole'),
    'stream helper': asked.some(({ framing }) => framing !== 'whole'),
    tools: loops.some((steps) => steps.length > 0),
    'parallel tools': parallel.length > 0,
    'structured output': bodies.some(isStructured),
    reasoning: bodies.some((body) => body.generationConfig?.thinkingConfig?.includeThoughts),
    vision: media.some((type) => type.startsWith('image/')),
    audio: media.some((type) => type.startsWith('audio/')),
    logprobs: bodies.some((body) => body.generationConfig?.responseLogprobs),
    // The gateway refuses by itself what it can, and then nothing comes here.
    errors: true,
    retries: log.entries.filter(({ status = 0 }) => status === 503).length > 1,
    // In the middle of an answer; a client whose patience ends leaves before anything has come.
    cancel: left.some(({ events }) => events > 0),
    timeout: left.some(({ events }) => events === 0),
    choices: asked.length > 0,
  }
  return {
    // Made of this very list of abilities.
    abilities: (Object.keys(seen) as Ability[]).filter((ability) => seen[ability]),
    steps: longest(loops),
    parallelSteps: longest(parallel),
    refusals: log.entries.filter(
      ({ status, body }) => status === 400 && JSON.stringify(body)?.includes('"functionResponse"'),
    ).length,
  }
}

function longest(loops: number[][]): number {
  return Math.max(0, ...loops.map((steps) => steps.length))
}

/** How many calls there are in each step, since somebody last said something; all of them answered. */
function callsOf({ contents = [] }: Asking): number[] {
  const last = contents.findLastIndex(
    ({ role, parts = [] }) => role !== 'model' && !parts.some((part) => part.functionResponse),
  )
  return contents
    .slice(last + 1)
    .map(({ parts = [] }) => parts.filter((part) => part.functionCall).length)
    .filter((calls) => calls > 0)
}

/** Some clients get structure by a schema, others by a function that must be called. */
function isStructured({ generationConfig, toolConfig }: Asking): boolean {
  const { responseSchema, responseJsonSchema } = generationConfig ?? {}
  return (
    responseSchema !== undefined ||
    responseJsonSchema !== undefined ||
    toolConfig?.functionCallingConfig?.mode === 'ANY'
  )
}

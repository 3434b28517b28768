/** Which of Google's two front doors a request came through. */
export type Backend = 'gemini-api' | 'vertex'

/** What a model family can do, as far as requests are refused or answers differ for it. */
export interface Model {
  id: string
  /** 2, 2.5, 3, 3.1 … : many habits of the wire changed with a generation. */
  generation: number
  /** Absent where a thinkingConfig is refused altogether. */
  thinking?: Thinking
  inputTokenLimit: number
  outputTokenLimit: number
  displayName: string
  /** What it makes where that is not text. */
  makes?: 'images' | 'speech' | 'embeddings'
  /** Streams the arguments of a call without telling where the call ends. */
  leavesCallsOpen?: boolean
  /** 3.6 and its contemporaries end prefilling: the last turn must not be the model's. */
  refusesPrefill?: boolean
}

/** How a model's thinking is steered. */
export interface Thinking {
  /** Levels it accepts; none for the families that only know a budget. */
  levels: string[]
  /** Smallest and largest thinkingBudget apart from 0 (off) and -1 (the model decides). */
  budget: [number, number]
  /** Whether budget 0 is accepted. */
  canBeOff: boolean
  /** Thinks this much when nothing is asked: a level, or a share of the budget. */
  byDefault: 'off' | 'low' | 'medium' | 'high'
}

const low = ['LOW', 'MEDIUM', 'HIGH']
const minimal = ['MINIMAL', ...low]

/** One row per family: id, generation, thinking, and what else is special. */
const families: Model[] = [
  family('gemini-2.0-flash', 2, undefined, { outputTokenLimit: 8192 }),
  family('gemini-2.0-flash-lite', 2, undefined, { outputTokenLimit: 8192 }),
  family('gemini-2.5-pro', 2.5, budget(128, 32768, { canBeOff: false })),
  family('gemini-2.5-flash', 2.5, budget(0, 24576)),
  family('gemini-2.5-flash-lite', 2.5, budget(512, 24576, { byDefault: 'off' })),
  family('gemini-3-pro', 3, level(['LOW', 'HIGH'], 'high')),
  family('gemini-3-flash', 3, level(minimal, 'high', { canBeOff: true }), {
    leavesCallsOpen: true,
  }),
  family('gemini-3.1-pro', 3.1, level(low, 'high')),
  family('gemini-3.1-flash-lite', 3.1, level(minimal, 'off', { canBeOff: true })),
  family('gemini-3.5-flash', 3.5, level(minimal, 'medium')),
  family('gemini-3.5-flash-lite', 3.5, level(minimal, 'off', { canBeOff: true }), {
    refusesPrefill: true,
  }),
  family('gemini-3.6-flash', 3.6, level(minimal, 'medium'), { refusesPrefill: true }),
  // From 3.7 on a budget is accepted and ignored, 0 included.
  family('gemini-3.7-flash', 3.7, level(low, 'medium', { canBeOff: true }), {
    refusesPrefill: true,
  }),
  family('gemini-3.8-flash', 3.8, level(low, 'medium', { canBeOff: true }), {
    refusesPrefill: true,
  }),
  paints('gemini-2.0-flash-preview-image-generation', 2, undefined, 32_768),
  paints('gemini-2.5-flash-image', 2.5, undefined, 32_768),
  paints('gemini-3-pro-image', 3, level(['LOW', 'HIGH'], 'low'), 131_072),
  paints('gemini-3.1-flash-image', 3.1, level(['MINIMAL', 'HIGH'], 'off'), 65_536),
  paints('gemini-3.1-flash-lite-image', 3.1, level(['MINIMAL', 'HIGH'], 'off'), 65_536),
  speaks('gemini-2.5-flash-preview-tts', 2.5),
  speaks('gemini-2.5-pro-preview-tts', 2.5),
  speaks('gemini-3.1-flash-tts-preview', 3.1),
  embeds('gemini-embedding-001', 2048),
  embeds('gemini-embedding-2', 8192),
  embeds('text-embedding-004', 2048),
  embeds('text-embedding-005', 2048),
]

/** Ids that stand for another model. */
const aliases: Record<string, string> = {
  'gemini-pro-latest': 'gemini-3.1-pro',
  'gemini-flash-latest': 'gemini-3.8-flash',
  'gemini-flash-lite-latest': 'gemini-3.5-flash-lite',
}

/** Families that are served under a preview id only. */
const previews = ['gemini-3-pro', 'gemini-3-flash', 'gemini-3.1-pro']

/** The model served under an id, versions (`-001`) and previews (`-preview-09-2025`) included. */
export function modelNamed(id: string): Model | undefined {
  const exact = families.find((row) => row.id === id && !previews.includes(id))
  if (exact) return exact
  const bare = aliases[id] ?? id.replace(/-(\d{3}|exp|latest|(exp-|preview-?)[\w-]{0,40})$/, '')
  const found = families.find((row) => row.id === bare && bare !== id)
  return found && { ...found, id }
}

/** Every model by the id it is listed under. */
export function allModels(): Model[] {
  const listed = families.map((row) => (previews.includes(row.id) ? `${row.id}-preview` : row.id))
  return [...listed, ...Object.keys(aliases)].flatMap((id) => modelNamed(id) ?? [])
}

function family(
  id: string,
  generation: number,
  thinking: Thinking | undefined,
  special: Partial<Model> = {},
): Model {
  const displayName = id.replace(/(^|-)(\w)/g, (_, dash, letter) => (dash && ' ') + upper(letter))
  const limits = { inputTokenLimit: 1_048_576, outputTokenLimit: 65_536 }
  return { id, generation, thinking, ...limits, displayName, ...special }
}

function paints(
  id: string,
  generation: number,
  thinking: Thinking | undefined,
  inputTokenLimit: number,
): Model {
  const outputTokenLimit = 32_768
  return family(id, generation, thinking, { makes: 'images', inputTokenLimit, outputTokenLimit })
}

function speaks(id: string, generation: number): Model {
  const limits = { inputTokenLimit: 8192, outputTokenLimit: 16_384 }
  return family(id, generation, undefined, { makes: 'speech', ...limits })
}

function embeds(id: string, inputTokenLimit: number): Model {
  return family(id, 0, undefined, { makes: 'embeddings', inputTokenLimit, outputTokenLimit: 1 })
}

function budget(min: number, max: number, special: Partial<Thinking> = {}): Thinking {
  return { levels: [], budget: [min, max], canBeOff: true, byDefault: 'medium', ...special }
}

// Gemini 3 still takes a budget, for requests that were written for 2.5.
function level(
  levels: string[],
  byDefault: Thinking['byDefault'],
  special: Partial<Thinking> = {},
): Thinking {
  return { levels, budget: [0, 32768], canBeOff: false, byDefault, ...special }
}

function upper(letter: string): string {
  return letter.toUpperCase()
}

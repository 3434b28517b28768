/**
 * What each model family can do. The one place that looks inside a model's name; whatever the
 * translation must know of a model, it asks here.
 * Sources: ai.google.dev/gemini-api/docs/thinking, …/latest-model, …/structured-output.
 */

export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof efforts)[number]

/** How a family is told how long to think: not at all, in tokens, or by a word. */
export type Thinking =
  | { by: 'nothing' }
  /** It thinks as long as it likes; only whether that is shown can be said. */
  | { by: 'itself' }
  | { by: 'budget'; of: Record<Effort, number> }
  | { by: 'level'; of: Record<Effort, Level> }

export type Level = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'

export interface Abilities {
  thinking: Thinking
  /** Which dialect of schema its tools and answers are described in. */
  schema: 'json-schema' | 'openapi'
  /** Whether temperature, top_p and top_k are still heard (deprecated from 3.5 Flash-Lite and 3.6 on). */
  sampling: boolean
  /** Whether presence and frequency penalties are accepted at all, zero included. */
  penalties: boolean
  /** Whether one call may give several candidates. */
  candidates: boolean
  /** Where the resolution of media is said: once for the request, or on each part. */
  mediaResolution: 'request' | 'part'
  /** Whether a function's result may hold media. */
  mediaInResults: boolean
  /** Whether a function call without its thought signature is refused. */
  signatures: boolean
  /** Whether the last turn may be the model's own. */
  prefill: boolean
  /** Whether JSON answers and function declarations go together. */
  jsonWithTools: boolean
  /** Whether Google's built-in tools and function declarations go together. */
  mixedTools: boolean
  systemInstruction: boolean
  /** What it answers with when the client asks for nothing in particular, where that is not text. */
  modalities?: string[]
}

const gemini2: Abilities = {
  thinking: { by: 'nothing' },
  schema: 'openapi',
  sampling: true,
  penalties: true,
  candidates: true,
  mediaResolution: 'request',
  mediaInResults: false,
  signatures: false,
  prefill: true,
  jsonWithTools: false,
  mixedTools: false,
  systemInstruction: true,
}

const gemini25: Abilities = { ...gemini2, schema: 'json-schema', penalties: false }

const gemini3: Abilities = {
  ...gemini25,
  candidates: false,
  mediaResolution: 'part',
  mediaInResults: true,
  signatures: true,
  jsonWithTools: true,
  mixedTools: true,
}

const newest: Abilities = {
  ...gemini3,
  thinking: levels('LOW', 'LOW', 'LOW', 'MEDIUM', 'HIGH'),
  sampling: false,
  prefill: false,
}

const image = { modalities: ['TEXT', 'IMAGE'] }
const speech = { modalities: ['AUDIO'] }
const still: Thinking = { by: 'nothing' }
const everyLevel = levels('MINIMAL', 'MINIMAL', 'LOW', 'MEDIUM', 'HIGH')

/** First match wins; what matches nothing inherits the newest abilities. */
const families: [RegExp, Abilities][] = [
  [
    /^gemini-[12]\.[05]-.*tts/,
    { ...gemini25, ...speech, thinking: still, systemInstruction: false },
  ],
  [/^gemini-2\.0-.*image/, { ...gemini2, ...image }],
  [/^gemini-2\.5-.*image/, { ...gemini25, ...image, thinking: still }],
  [/^gemini-2\.0-flash-thinking/, { ...gemini2, thinking: { by: 'itself' } }],
  [/^gemini-1\.|^gemini-2\.0-|^learnlm-/, gemini2],
  [/^gemma-/, { ...gemini2, systemInstruction: false }],
  [/^gemini-2\.5-pro/, { ...gemini25, thinking: budgets(128, 1024, 8192, 24_576, 32_768) }],
  [/^gemini-2\.5-/, { ...gemini25, thinking: budgets(0, 1024, 8192, 24_576, 24_576) }],
  [
    /^gemini-3\.1-flash-image/,
    { ...gemini3, ...image, thinking: levels('MINIMAL', 'MINIMAL', 'MINIMAL', 'HIGH', 'HIGH') },
  ],
  [
    /^gemini-3.*image/,
    { ...gemini3, ...image, thinking: levels('LOW', 'LOW', 'LOW', 'HIGH', 'HIGH') },
  ],
  [/^gemini-3.*tts/, { ...gemini3, ...speech, thinking: still, systemInstruction: false }],
  [/^gemini-3-pro/, { ...gemini3, thinking: levels('LOW', 'LOW', 'LOW', 'HIGH', 'HIGH') }],
  [/^gemini-3\.1-pro/, { ...gemini3, thinking: levels('LOW', 'LOW', 'LOW', 'MEDIUM', 'HIGH') }],
  [/^gemini-3-flash|^gemini-3\.1-flash/, { ...gemini3, thinking: everyLevel }],
  [/^gemini-3\.5-flash-lite/, { ...newest, thinking: everyLevel }],
  [/^gemini-3\.5-flash/, { ...gemini3, thinking: everyLevel }],
  [/^gemini-3\.6-flash/, { ...newest, thinking: everyLevel }],
]

/** What the model can do. `model` is the bare id, e.g. `gemini-2.5-flash`. */
export function abilities(model: string): Abilities {
  const known = recent.get(model)
  if (known !== undefined) return known
  const found = families.find(([family]) => family.test(model))?.[1] ?? newest
  // Clients choose the names, so there may be no end of them.
  if (recent.size >= mostRecent) recent.clear()
  recent.set(model, found)
  return found
}

const recent = new Map<string, Abilities>()
const mostRecent = 1_000

/** Whether a bare model id is of one of Google's own families, so that Google decides what it is. */
export function isGoogleModel(model: string): boolean {
  return /^(gemini|gemma|learnlm)-[\w.-]{1,120}$/.test(model)
}

/** The models that are listed to clients; any other of Google's families is served all the same. */
export const listedModels = [
  'gemini-3.8-flash',
  'gemini-3.7-flash',
  'gemini-3.6-flash',
  'gemini-3.5-flash',
  'gemini-3.5-flash-lite',
  'gemini-3.1-pro-preview',
  'gemini-3.1-flash-lite',
  'gemini-3-flash-preview',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
]

function budgets(none: number, low: number, medium: number, high: number, most: number): Thinking {
  return { by: 'budget', of: { none, minimal: low, low, medium, high, xhigh: most, max: most } }
}

function levels(none: Level, minimal: Level, low: Level, medium: Level, high: Level): Thinking {
  return { by: 'level', of: { none, minimal, low, medium, high, xhigh: high, max: high } }
}

type Json = Record<string, unknown>

/** What an event brings, in one word each; neighbours that bring the same are told once. */
export function orderOf(events: Json[]): string[] {
  const kinds = events.map(kindOf)
  return kinds.filter((kind, i) => kind !== kinds[i - 1])
}

/** The parts of an event by kind, and whether it finishes. */
export function kindOf(event: Json): string {
  const [candidate] = candidatesOf(event)
  if (!candidate) return event['promptFeedback'] ? 'blocked' : 'nothing'
  const parts = partsOf(candidate).map(partKind)
  const distinct = parts.filter((kind, i) => kind !== parts[i - 1])
  const reason = candidate['finishReason']
  return `${distinct.join('+') || 'no parts'}${reason === undefined ? '' : ` ${JSON.stringify(reason).replaceAll('"', '')}`}`
}

function partKind(part: Json): string {
  const { thought, text, inlineData, functionCall } = part
  if (thought === true) return 'thought'
  if (typeof text === 'string') return text === '' ? 'empty text' : 'text'
  if (inlineData) return String((inlineData as Json)['mimeType']).split('/')[0] ?? ''
  if (functionCall) return callKind(functionCall as Json)
  return Object.keys(part).find((key) => key !== 'thoughtSignature') ?? 'no data'
}

function callKind(call: Json): string {
  if ('partialArgs' in call) return 'name' in call ? 'call with bits' : 'bits'
  if ('willContinue' in call) return 'name' in call ? 'open call' : 'pause'
  return 'name' in call ? 'call' : 'closed call'
}

// What a tool says is its own business, and so are arguments.
const opaque = ['args', 'response', 'renderedContent', 'safetyRatings']

// Came and went with the time of recording, or nobody documents them.
const fleeting = [
  'billablePromptUsage',
  'serviceTier',
  'score',
  'turnToken',
  'domain',
  'customMetadata',
  'automaticFunctionCallingHistory',
  'sdkHttpResponse',
]

/** Every key of a value by its path; list positions and values do not matter. */
export function keysOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => keysOf(one, `${at}[]`)))]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .filter(([key]) => !fleeting.includes(key))
    .flatMap(([key, child]) => {
      const path = `${at}.${key}`
      return opaque.includes(key) ? [path] : [path, ...keysOf(child, path)]
    })
}

function candidatesOf(event: Json): Json[] {
  return list(event['candidates'])
}

function partsOf(candidate: Json): Json[] {
  const { content } = candidate
  return typeof content === 'object' && content !== null ? list((content as Json)['parts']) : []
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value : []
}

/** Sentences, tools, calls and pictures, of which requests are made that are measured. */

export const sentence = 'The quick brown fox jumps over the lazy dog, and nobody minds at all. '

export function letters(length: number): string {
  return sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length)
}

/** User and assistant in turn, some 220 characters each. */
export function history(length: number): object[] {
  return Array.from({ length }, (_, at) => ({
    role: at % 2 === 0 ? 'user' : 'assistant',
    content: `${at}: ${sentence.repeat(3)}`,
  }))
}

/** A call and its result, again and again, with the user's words before every tenth. */
export function steps(length: number, signature?: string): object[] {
  return Array.from({ length }, (_, at) => [
    ...(at % 10 === 0 ? [{ role: 'user', content: sentence }] : []),
    { role: 'assistant', content: null, tool_calls: [call(`call_${at}`, { signature })] },
    ...results(1, () => `call_${at}`),
  ]).flat()
}

/** Many calls at once, and a result for each; `idOf` says whose it is. */
export function parallel(length: number, idOf: (at: number) => string | undefined): object[] {
  return [
    { role: 'user', content: sentence },
    { role: 'assistant', tool_calls: Array.from({ length }, (_, at) => call(`call_${at}`)) },
    ...results(length, idOf),
  ]
}

export function results(length: number, idOf: (at: number) => string | undefined): object[] {
  return Array.from({ length }, (_, at) => ({
    role: 'tool',
    tool_call_id: idOf(at),
    content: '{"it":"rains"}',
  }))
}

interface CallExtras {
  args?: string
  signature?: string | undefined
}

export function call(
  id: string,
  { args = '{"query":"the weather"}', signature }: CallExtras = {},
): object {
  return {
    id,
    type: 'function',
    function: { name: 'look_up', arguments: args },
    ...(signature !== undefined && {
      extra_content: { google: { thought_signature: signature } },
    }),
  }
}

export function tools(length: number, nameOf = (at: number) => `look_up_${at}`): object[] {
  return Array.from({ length }, (_, at) => tool(nameOf(at)))
}

/** A function with three parameters. */
export function tool(name = 'look_up'): object {
  return {
    type: 'function',
    function: {
      name,
      description: sentence,
      parameters: {
        type: 'object',
        properties: {
          query: { type: 'string', description: 'What to look for.' },
          limit: { type: 'integer', minimum: 1 },
          order: { type: 'string', enum: ['new', 'old'] },
        },
        required: ['query'],
        additionalProperties: false,
      },
    },
  }
}

export function pictures(length: number): object[] {
  return Array.from({ length }, () => picture(1_000))
}

/** A data: URL of so many characters; base64 for URLs has other letters than `+` and `/`. */
export function picture(length: number, alphabet = '+/'): object {
  const block = `iVBORw0KGgo${alphabet}AAA`
  const data = block.repeat(Math.ceil(length / block.length)).slice(0, length - (length % 4))
  return { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }
}

/** Properties or definitions `p0`, `p1` and so on. */
export function numbered(length: number, of: (at: number) => object): Record<string, object> {
  return Object.fromEntries(Array.from({ length }, (_, at) => [`p${at}`, of(at)]))
}

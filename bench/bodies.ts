/** A small question. */
export const question = {
  messages: [
    { role: 'system', content: 'You are a helpful assistant who cooks.' },
    { role: 'user', content: 'How do I use the zest of a lemon? Tell me in some detail, please.' },
  ],
  temperature: 0.7,
  max_tokens: 1000,
}

const sentence =
  'The pantry list says "two lemons, salt, a pound of butter\\nand flour"; what I still wonder is how long it keeps. '

/** 20 kB of conversation, with tools and what they gave. */
export const history = {
  messages: [
    { role: 'system', content: sentence.repeat(10) },
    ...Array.from({ length: 10 }, (_, at) => turn(at)).flat(),
    { role: 'user', content: 'And in winter?' },
  ],
  tools: ['get_weather', 'find_recipe', 'convert_unit', 'set_timer'].map(toTool),
}

function turn(at: number): Record<string, unknown>[] {
  const id = `call_${at}`
  const call = {
    name: 'get_weather',
    arguments: JSON.stringify({ city: `Valencia ${at}`, unit: 'celsius', days: [1, 2, 3] }),
  }
  return [
    { role: 'user', content: sentence.repeat(5) },
    { role: 'assistant', content: null, tool_calls: [{ id, type: 'function', function: call }] },
    { role: 'tool', tool_call_id: id, content: JSON.stringify({ celsius: at, sky: 'clear' }) },
    { role: 'assistant', content: sentence.repeat(6) },
  ]
}

function toTool(name: string): Record<string, unknown> {
  const parameters = {
    type: 'object',
    properties: {
      city: { type: 'string', description: 'Where.' },
      unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
      note: { type: 'string' },
      days: { type: 'array', items: { type: 'integer' }, description: 'Days from now.' },
      options: {
        type: 'object',
        properties: { detailed: { type: 'boolean' }, language: { type: 'string' } },
      },
    },
    required: ['city'],
  }
  return { type: 'function', function: { name, description: `Knows how to ${name}.`, parameters } }
}

/** An image of 1 MiB, and a question about it. */
export const image = {
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        {
          type: 'image_url',
          image_url: { url: `data:image/png;base64,${noise(1024 * 1024).toString('base64')}` },
        },
      ],
    },
  ],
}

/** Bytes without a pattern, the same in each run, that begin like a PNG. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let state = 1
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[at] = state >>> 16
  }
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return bytes
}

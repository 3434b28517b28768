import assert from 'node:assert/strict'
import Instructor from '@instructor-ai/instructor'
import OpenAI, { InternalServerError, NotFoundError } from 'openai'
// It reads schemas of zod 3 only.
import { z } from 'zod/v3'
import { cannot, model, picture, recording, slowly, tell, voyagePrompt } from './story.ts'

// The address and the key are in the environment.
const openai = new OpenAI({ maxRetries: 0 })
const client = Instructor({ client: openai, mode: 'TOOLS' })

const voyage = {
  schema: z.object({ ship: z.string(), from: z.string(), to: z.string() }),
  name: 'Voyage',
}
const messages = [{ role: 'user' as const, content: voyagePrompt }]
const expected = { ship: 'Seagull', from: 'Kiel', to: 'Rostock' }

await tell('text', async () => {
  const { choices } = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'Say ahoy' }],
  })
  assert.equal(choices[0]?.message.content, 'ahoy')
})

await tell('stream', async () => {
  const stream = await Instructor({ client: openai, mode: 'JSON_SCHEMA' }).chat.completions.create({
    model,
    messages,
    response_model: voyage,
    stream: true,
  })
  const parts = await Array.fromAsync(stream, (part) => ({ ...part, _meta: undefined }))
  assert.ok(parts.length > 2)
  assert.notDeepEqual(parts[0], { ...expected, _meta: undefined })
  assert.deepEqual(parts.at(-1), { ...expected, _meta: undefined })
})

cannot('tools', 'it calls functions for the structure of an answer, never to run them')
cannot('parallel tools', 'it reads the first call of an answer')

await tell('structured output', async () => {
  for (const mode of ['TOOLS', 'FUNCTIONS', 'JSON_SCHEMA'] as const) {
    const planner = Instructor({ client: openai, mode })
    const { _meta: about, ...answer } = await planner.chat.completions.create({
      model,
      messages,
      response_model: voyage,
    })
    assert.deepEqual(answer, expected)
    assert.ok(about?.usage?.total_tokens)
  }
})

await tell('reasoning', async () => {
  const thinker = Instructor({ client: openai, mode: 'THINKING_MD_JSON' })
  const question = {
    model,
    messages,
    response_model: voyage,
    extra_body: {
      google: { thinking_config: { include_thoughts: true }, thought_tag_marker: 'think' },
    },
  }
  const { _meta: about, ...answer } = await thinker.chat.completions.create(question)
  assert.deepEqual(answer, expected)
  assert.match(about?.thinking ?? '', /Reading the request/)
})

await tell('vision', async () => {
  const url = `data:image/png;base64,${picture}`
  assert.match(await shown({ type: 'image_url', image_url: { url } }), /an image \(image\/png\)/)
})

await tell('audio', async () => {
  const input_audio = { data: recording, format: 'wav' as const }
  assert.match(await shown({ type: 'input_audio', input_audio }), /a recording \(audio\/wav\)/)
})

async function shown(part: OpenAI.ChatCompletionContentPart): Promise<string> {
  const question = { type: 'text' as const, text: 'What is this?' }
  const { choices } = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: [question, part] }],
  })
  return choices[0]?.message.content ?? ''
}

await tell('errors', async () => {
  const asked = { messages, response_model: voyage }
  await assert.rejects(
    client.chat.completions.create({ ...asked, model: 'no-such-model' }),
    (error) => error instanceof NotFoundError && /'no-such-model' does not/.test(error.message),
  )
  const overloaded = [{ role: 'user' as const, content: 'Ahoy [[error:503]]' }]
  await assert.rejects(
    client.chat.completions.create({ ...asked, model, messages: overloaded }),
    (error) => error instanceof InternalServerError && /overloaded/.test(error.message),
  )
  // An answer that the schema refuses is asked for again, with the reason, and then given up.
  const schema = voyage.schema.refine(() => false, 'There is ice on the way.')
  await assert.rejects(
    client.chat.completions.create({ ...asked, model, response_model: { schema, name: 'Voyage' } }),
    /There is ice on the way/,
  )
})

await tell('cancel', async () => {
  const leaving = new AbortController()
  const stream = await client.chat.completions.create(
    { model, messages: [{ role: 'user', content: slowly }], stream: true },
    { signal: leaving.signal },
  )
  let chunks = 0
  for await (const _ of stream) {
    chunks += 1
    leaving.abort()
  }
  assert.equal(chunks, 1)
})

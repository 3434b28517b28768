import assert from 'node:assert/strict'
import {
  APICallError,
  generateText,
  isStepCount,
  type LanguageModel,
  Output,
  RetryError,
  streamText,
  tool,
} from 'ai'
import {
  asksForBothTides,
  bookBerth,
  breakingOff,
  getTide,
  getWeather,
  model,
  picture,
  recording,
  signingModel,
  slowly,
  task,
  tell,
  tellsTheStory,
  voyage,
  voyagePrompt,
} from './story.ts'

const tools = {
  get_tide: tool({
    description: getTide.description,
    inputSchema: getTide.parameters,
    execute: getTide.run,
  }),
  get_weather: tool({
    description: getWeather.description,
    inputSchema: getWeather.parameters,
    execute: getWeather.run,
  }),
  book_berth: tool({
    description: bookBerth.description,
    inputSchema: bookBerth.parameters,
    execute: bookBerth.run,
  }),
}

/** What Vercel's AI SDK does alike with any provider's models. */
export async function tellOfAiSdk(modelNamed: (id: string) => LanguageModel): Promise<void> {
  const plain = modelNamed(model)
  const signing = modelNamed(signingModel)

  await tell('text', async () => {
    const { text, usage, finishReason } = await generateText({ model: plain, prompt: 'Say ahoy' })
    assert.equal(text, 'ahoy')
    assert.equal(finishReason, 'stop')
    assert.ok(usage.inputTokens && usage.outputTokens)
  })

  await tell('stream', async () => {
    const prompt = 'Explain the tides of the Baltic Sea'
    const { textStream, text, finishReason, usage } = streamText({ model: plain, prompt })
    const pieces = await Array.fromAsync(textStream)
    assert.ok(pieces.length > 3)
    assert.equal(await text, (await generateText({ model: plain, prompt })).text)
    assert.equal(await finishReason, 'stop')
    assert.ok((await usage).outputTokens)
  })

  await tell('tools', async () => {
    const whole = await generateText({
      model: signing,
      tools,
      stopWhen: isStepCount(6),
      prompt: task,
    })
    tellsTheStory(whole.text)
    assert.equal(whole.steps.length, 4)

    const streamed = streamText({ model: signing, tools, stopWhen: isStepCount(6), prompt: task })
    await streamed.consumeStream()
    tellsTheStory(await streamed.text)
    assert.equal((await streamed.steps).length, 4)
  })

  await tell('parallel tools', async () => {
    const whole = await generateText({ model: signing, tools, prompt: task })
    asksForBothTides(whole.toolCalls.map(asCall))
    assert.equal(whole.toolResults.length, 2)

    const streamed = streamText({ model: signing, tools, prompt: task })
    await streamed.consumeStream()
    asksForBothTides((await streamed.toolCalls).map(asCall))
  })

  await tell('structured output', async () => {
    const output = Output.object({ schema: voyage })
    const whole = await generateText({ model: plain, output, prompt: voyagePrompt })
    assert.deepEqual(whole.output, { ship: 'Seagull', from: 'Kiel', to: 'Rostock' })

    const streamed = streamText({ model: plain, output, prompt: voyagePrompt })
    const parts = await Array.fromAsync(streamed.partialOutputStream)
    assert.deepEqual(parts.at(-1), whole.output)
  })

  await tell('vision', async () => {
    const image = { type: 'file', data: picture, mediaType: 'image/png' } as const
    assert.match(await shown(image), /I see an image \(image\/png\)/)
  })

  await tell('audio', async () => {
    const sound = { type: 'file', data: recording, mediaType: 'audio/wav' } as const
    assert.match(await shown(sound), /I hear a recording \(audio\/wav\)/)
  })

  async function shown(file: { type: 'file'; data: string; mediaType: string }): Promise<string> {
    const question = { type: 'text', text: 'What is this?' } as const
    const { text } = await generateText({
      model: plain,
      messages: [{ role: 'user', content: [question, file] }],
    })
    return text
  }

  await tell('errors', async () => {
    await assert.rejects(
      generateText({ model: modelNamed('no-such-model'), prompt: 'Ahoy' }),
      (error) =>
        APICallError.isInstance(error) &&
        error.statusCode === 404 &&
        !error.isRetryable &&
        /'no-such-model' does not exist/.test(error.message),
    )
    await assert.rejects(
      generateText({ model: plain, maxRetries: 1, prompt: 'Ahoy [[error:503]]' }),
      (error) => RetryError.isInstance(error) && /overloaded/.test(error.message),
    )
    const errors: unknown[] = []
    const broken = streamText({
      model: plain,
      prompt: breakingOff,
      onError: ({ error }) => void errors.push(error),
    })
    await broken.consumeStream()
    assert.match(JSON.stringify(errors), /overloaded/)
    assert.equal(await broken.finishReason, 'error')
  })

  await tell('cancel', async () => {
    const leaving = new AbortController()
    const kinds: string[] = []
    const { fullStream } = streamText({
      model: plain,
      prompt: slowly,
      abortSignal: leaving.signal,
    })
    for await (const { type } of fullStream) {
      kinds.push(type)
      if (type === 'text-delta') leaving.abort()
    }
    assert.equal(kinds.at(-1), 'abort')
  })
}

interface AiSdkCall {
  toolCallId: string
  toolName: string
  input: unknown
}

function asCall({ toolCallId, toolName, input }: AiSdkCall) {
  return { id: toolCallId, name: toolName, input }
}

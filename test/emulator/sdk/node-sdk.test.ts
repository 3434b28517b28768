import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startEmulator } from '../../../src/emulator/server.ts'
import { bookTaxi, getWeather } from '../client.ts'

/** As much of @google/genai as is used here: it may not be installed. */
interface Sdk {
  GoogleGenAI: new (options: object) => {
    models: Models
    chats: { create(options: object): Chat }
  }
}

interface Chat {
  sendMessageStream(request: { message: unknown }): Promise<AsyncIterable<SdkResponse>>
}

interface Models {
  generateContent(request: object): Promise<SdkResponse>
  generateContentStream(request: object): Promise<AsyncIterable<SdkResponse>>
  countTokens(request: object): Promise<{ totalTokens?: number }>
  embedContent(request: object): Promise<{ embeddings?: { values?: number[] }[] }>
}

interface SdkResponse {
  text?: string
  data?: string
  functionCalls?: { id?: string; name?: string; args?: Record<string, unknown> }[]
  candidates?: {
    content?: {
      role?: string
      parts?: {
        text?: string
        thought?: boolean
        thoughtSignature?: string
        functionCall?: { id?: string; name?: string; partialArgs?: object[] }
      }[]
    }
    groundingMetadata?: { groundingChunks?: object[] }
    finishReason?: string
  }[]
  usageMetadata?: { thoughtsTokenCount?: number; totalTokenCount?: number }
}

// A name that is not written out is looked for when the test runs, not when it is compiled.
const name = '@google/genai'
const sdk: Sdk | undefined = await import(name).catch(() => undefined)

describe('@google/genai', { skip: sdk ? false : `${name} is not installed` }, async () => {
  if (!sdk) return
  const emulator = await startEmulator()
  after(() => emulator.close())
  const httpOptions = { baseUrl: emulator.url }
  const developer = new sdk.GoogleGenAI({ apiKey: 'any', httpOptions })
  const vertex = new sdk.GoogleGenAI({ vertexai: true, apiKey: 'any', httpOptions })

  for (const [backend, { models, chats }] of Object.entries({ developer, vertex })) {
    it(`gets text, ${backend}`, async () => {
      const { text, usageMetadata } = await models.generateContent({
        model: 'gemini-2.5-flash',
        contents: 'Say hello',
      })
      assert.equal(text, 'hello')
      assert.ok(usageMetadata?.totalTokenCount)
    })

    it(`gets a stream, ${backend}`, async () => {
      const chunks = await all(
        await models.generateContentStream({
          model: 'gemini-3.8-flash',
          contents: 'Say one two three',
        }),
      )
      assert.ok(chunks.length > 1)
      assert.equal(chunks.map(({ text }) => text ?? '').join(''), 'one two three')
      assert.equal(chunks.at(-1)?.candidates?.[0]?.finishReason, 'STOP')
    })

    it(`walks a loop of tools with signatures, ${backend}`, async () => {
      const model = 'gemini-3.8-flash'
      const config = { tools: [{ functionDeclarations: [getWeather] }] }
      const asked = { role: 'user', parts: [{ text: 'How is the weather in Paris?' }] }
      const first = await models.generateContent({ model, config, contents: [asked] })
      const [call] = first.functionCalls ?? []
      assert.deepEqual([call?.name, call?.args], ['get_weather', { city: 'Paris' }])
      const said = first.candidates?.[0]?.content
      assert.ok(said?.parts?.[0]?.thoughtSignature)
      const result = {
        ...(call?.id && { id: call.id }),
        name: call?.name,
        response: { sky: 'clear' },
      }
      const results = { role: 'user', parts: [{ functionResponse: result }] }
      const second = await models.generateContent({
        model,
        config,
        contents: [asked, said, results],
      })
      assert.match(second.text ?? '', /sky is clear/)
      const unsigned = { ...said, parts: [{ functionCall: call }] }
      await assert.rejects(
        models.generateContent({ model, config, contents: [asked, unsigned, results] }),
        /thought_signature/,
      )
    })

    for (const model of ['gemini-2.5-flash', 'gemini-3-flash-preview', 'gemini-3.8-flash']) {
      it(`walks a loop of tools in a chat that streams, ${backend}, ${model}`, async () => {
        const tools = [{ functionDeclarations: [getWeather, bookTaxi] }]
        const chat = chats.create({ model, config: { tools } })
        const first = await turnOf(chat, 'The weather in Paris and Rome? Then book a taxi.')
        assert.deepEqual(first.names, ['get_weather', 'get_weather'])
        const second = await turnOf(chat, first.results)
        assert.deepEqual(second.names, ['book_taxi'])
        const third = await turnOf(chat, second.results)
        assert.deepEqual(third.names, [])
        assert.match(third.text, /get_weather.*book_taxi/s)
      })
    }

    it(`gets JSON that fits a schema, ${backend}`, async () => {
      const config = {
        responseMimeType: 'application/json',
        responseJsonSchema: {
          type: 'object',
          properties: { city: { type: 'string' }, size: { type: 'integer' } },
          required: ['city', 'size'],
        },
      }
      const { text } = await models.generateContent({
        model: 'gemini-2.5-flash',
        contents: 'Describe Paris',
        config,
      })
      const value = JSON.parse(text ?? '')
      assert.deepEqual([typeof value.city, Number.isInteger(value.size)], ['string', true])
    })

    it(`gets thoughts, ${backend}`, async () => {
      const config = { thinkingConfig: { includeThoughts: true } }
      const { candidates, usageMetadata } = await models.generateContent({
        model: 'gemini-2.5-pro',
        contents: 'Why is the sky blue?',
        config,
      })
      assert.equal(candidates?.[0]?.content?.parts?.[0]?.thought, true)
      assert.ok(usageMetadata?.thoughtsTokenCount)
    })

    it(`gets sources, ${backend}`, async () => {
      const config = { tools: [{ googleSearch: {} }] }
      const { candidates } = await models.generateContent({
        model: 'gemini-2.5-flash',
        contents: 'Why is the sky blue?',
        config,
      })
      assert.ok(candidates?.[0]?.groundingMetadata?.groundingChunks?.length)
    })

    it(`gets an image, ${backend}`, async () => {
      const { data } = await models.generateContent({
        model: 'gemini-3.1-flash-image',
        contents: 'A red square',
        config: { responseModalities: ['IMAGE'] },
      })
      assert.match(data ?? '', /^iVBORw0KGgo/)
    })

    it(`counts tokens, ${backend}`, async () => {
      const { totalTokens } = await models.countTokens({
        model: 'gemini-2.5-flash',
        contents: 'Say hello',
      })
      assert.ok(totalTokens)
    })

    it(`gets embeddings, ${backend}`, async () => {
      const { embeddings } = await models.embedContent({
        model: 'gemini-embedding-001',
        contents: 'hello',
        config: { outputDimensionality: 8 },
      })
      assert.equal(embeddings?.[0]?.values?.length, 8)
    })

    it(`gets the errors, ${backend}`, async () => {
      await assert.rejects(models.generateContent({ model: 'gemini-9', contents: 'Hi' }), {
        status: 404,
      })
    })
  }

  it('gets arguments in bits, vertex', async () => {
    const config = {
      tools: [{ functionDeclarations: [getWeather] }],
      toolConfig: { functionCallingConfig: { mode: 'AUTO', streamFunctionCallArguments: true } },
    }
    const request = {
      model: 'gemini-3.1-pro-preview',
      contents: 'How is the weather in Paris?',
      config,
    }
    const parts = (await all(await vertex.models.generateContentStream(request))).flatMap(
      ({ candidates }) => candidates?.[0]?.content?.parts ?? [],
    )
    assert.ok(parts.some(({ functionCall }) => functionCall?.partialArgs))
  })

  it('sends the bits back in a chat, vertex', async () => {
    const config = {
      tools: [{ functionDeclarations: [getWeather] }],
      toolConfig: { functionCallingConfig: { mode: 'AUTO', streamFunctionCallArguments: true } },
    }
    for (const model of ['gemini-3.1-pro-preview', 'gemini-3-flash-preview']) {
      const chat = vertex.chats.create({ model, config })
      const { names, results } = await turnOf(chat, 'How is the weather in Paris?')
      assert.deepEqual(names, ['get_weather'])
      assert.match((await turnOf(chat, results)).text, /get_weather/)
    }
  })
})

/** What the model says in one turn of a chat, and the results of what it calls. */
async function turnOf(chat: Chat, message: unknown) {
  const chunks = await all(await chat.sendMessageStream({ message }))
  const calls = chunks
    .flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])
    .flatMap(({ functionCall }) => (functionCall?.name === undefined ? [] : [functionCall]))
  return {
    text: chunks.map(({ text }) => text ?? '').join(''),
    names: calls.map(({ name }) => name),
    results: calls.map(({ id, name }) => ({
      functionResponse: { ...(id && { id }), name, response: { output: `${name} is done` } },
    })),
  }
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(stream)
}

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/server.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const google = await startEmulator()
let gateway: Gateway
before(async () => {
  gateway = await startGateway({ GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: google.url })
})
after(async () => {
  await gateway.close()
  await google.close()
})

async function ask(response: unknown, stream: boolean) {
  google.play([{ answer: { events: [response] } }])
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gemini-2.5-flash',
      stream,
      logprobs: true,
      top_logprobs: 1,
      messages: [{ role: 'user', content: 'Hi' }],
    }),
  })
  return { status: answer.status, text: await answer.text() }
}

const content = { role: 'model', parts: [{ text: 'Hello' }] }
const candidate = { index: 0, content, finishReason: 'STOP' }
const of = (more: object) => ({ candidates: [{ ...candidate, ...more }] })
const parts = (...given: unknown[]) => of({ content: { role: 'model', parts: given } })

/** Answers that are wrong in a place that the translation looks at. */
const odd: Record<string, unknown> = {
  'candidates that are no list': { candidates: 5 },
  'a candidate that is null': { candidates: [null] },
  'parts that are no list': of({ content: { parts: 5 } }),
  'a part that is a number': parts(5),
  'a text that is a number': parts({ text: 5 }),
  'a call that is a string': parts({ functionCall: 'f' }),
  'arguments that are a list': parts({ functionCall: { name: 'f', args: [1] } }),
  'a path that is a number': parts({ functionCall: { name: 'f', partialArgs: [{ jsonPath: 5 }] } }),
  'a picture without data': parts({ inlineData: { mimeType: 'image/png' } }),
  'sources that are an object': of({ groundingMetadata: { groundingChunks: {} } }),
  'a support that is null': of({ groundingMetadata: { groundingSupports: [null] } }),
  'a citation that is null': of({ citationMetadata: { citations: [null] } }),
  'a log probability that is null': of({ logprobsResult: { chosenCandidates: [null] } }),
  'details that are a string': { ...of({}), usageMetadata: { promptTokensDetails: 'x' } },
  'a finish reason that is an object': of({ finishReason: {} }),
}

describe('an answer of Gemini’s', () => {
  for (const [what, response] of Object.entries(odd)) {
    for (const stream of [false, true]) {
      it(`with ${what} is a bad gateway, ${stream ? 'streamed' : 'whole'}`, async () => {
        const { status, text } = await ask(response, stream)
        assert.ok(!text.includes('internal_error'), text)
        if (status !== 200) assert.equal(status, 502, text)
        if (status === 200 && stream) assert.match(text, /"bad_gateway"|\[DONE\]/)
      })
    }
  }

  it('may say null for what is absent', async () => {
    const response = {
      error: null,
      promptFeedback: null,
      candidates: [
        {
          index: null,
          finishMessage: null,
          finishReason: 'STOP',
          content: {
            role: null,
            parts: [
              { text: 'Hello', thought: null, functionCall: null, thoughtSignature: null },
              { text: null, functionCall: { name: 'f', args: { kept: null }, id: null } },
            ],
          },
        },
      ],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, thoughtsTokenCount: null },
    }
    const { status, text } = await ask(response, false)
    assert.equal(status, 200, text)
    const { choices, usage } = JSON.parse(text)
    assert.equal(choices[0].message.content, 'Hello')
    assert.equal(choices[0].message.tool_calls[0].function.arguments, '{"kept":null}')
    assert.equal(usage.total_tokens, 3)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ChoiceStream } from '../../../src/translate/chat/choice.ts'
import { toGemini } from '../../../src/translate/chat/request.ts'
import type { ChunkChoice } from '../../../src/translate/chat/response.ts'
import type { Candidate, Part } from '../../../src/translate/gemini.ts'

describe('ChoiceStream', () => {
  it('begins with the role, whatever comes first', () => {
    const firsts: [Part, string | null][] = [
      [{ text: 'Hi' }, ''],
      [{ text: '', thoughtSignature: 'QQ==' }, ''],
      // OpenAI’s own streams say null where no text comes first.
      [{ functionCall: { name: 'f' } }, null],
      [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, null],
    ]
    for (const [part, content] of firsts) {
      const [first] = choice().push(saying([part]))
      assert.equal(first?.delta.role, 'assistant')
      assert.equal(first.delta.content, content)
      assert.equal(first.finish_reason, null)
    }
  })

  it('begins with a refusal that leaves content null', () => {
    const [first] = choice().finish({ blockReason: 'SAFETY' })
    assert.deepEqual([first?.delta.role, first?.delta.content], ['assistant', null])
  })

  it('begins with an empty text where nothing follows', () => {
    const [first] = choice().finish(undefined)
    assert.deepEqual([first?.delta.role, first?.delta.content], ['assistant', ''])
  })

  it('says nothing of an event without anything to say', () => {
    const stream = choice()
    assert.deepEqual(stream.push({}), [])
    assert.deepEqual(stream.push({ content: {} }), [])
    assert.deepEqual(stream.push(saying([{ text: '' }])), [])
    assert.deepEqual(stream.push(saying([{}])), [])
  })

  it('has finished once Gemini has said why', () => {
    const stream = choice()
    stream.push(saying([{ text: 'Hi' }]))
    assert.equal(stream.finished, false)
    stream.push({ finishReason: 'STOP' })
    assert.equal(stream.finished, true)
  })

  it('takes the last of two reasons', () => {
    const stream = choice()
    stream.push({ finishReason: 'STOP' })
    stream.push({ finishReason: 'MAX_TOKENS' })
    assert.equal(stream.finish(undefined).at(-1)?.finish_reason, 'length')
  })

  it('knows what it is called in the answer', () => {
    const stream = choice({}, 3)
    const chunks = [...stream.push(saying([{ text: 'Hi' }])), ...stream.finish(undefined)]
    assert.deepEqual([...new Set(chunks.map(({ index }) => index))], [3])
  })

  it('goes past arguments that belong to no call', () => {
    const stray = { functionCall: { partialArgs: [{ jsonPath: '$.a', numberValue: 1 }] } }
    assert.deepEqual(choice().push(saying([stray, { functionCall: {} }])), [])
  })

  it('drops the pieces of a second call that the client did not want', () => {
    const stream = choice({ tools: functions('f'), parallel_tool_calls: false })
    const chunks = [
      ...stream.push(saying([{ functionCall: { name: 'f', willContinue: true } }])),
      ...stream.push(saying([piece('$.a', 1)])),
      ...stream.push(saying([{ functionCall: { name: 'f', willContinue: true } }])),
      ...stream.push(saying([piece('$.b', 2)])),
      ...stream.push(saying([{ functionCall: {} }])),
      ...stream.finish(undefined),
    ]
    assert.deepEqual(argumentsOf(chunks), ['{"a":1}'])
  })

  it('writes arguments that come with the beginning of their call', () => {
    const stream = choice({ tools: functions('f') })
    const begun = { name: 'f', ...piece('$.a', 1).functionCall }
    const chunks = [
      ...stream.push(saying([{ functionCall: begun }])),
      ...stream.push(saying([piece('$.b', 2)])),
      ...stream.push(saying([{ functionCall: {} }])),
      ...stream.finish(undefined),
    ]
    assert.deepEqual(argumentsOf(chunks), ['{"a":1,"b":2}'])
  })

  it('gives a call whose pieces all come at once its end', () => {
    const stream = choice({ tools: functions('f') })
    const { partialArgs } = piece('$.a', 1).functionCall
    const chunks = stream.push(saying([{ functionCall: { name: 'f', partialArgs } }]))
    assert.deepEqual(argumentsOf(chunks), ['{"a":1}'])
    assert.deepEqual(argumentsOf([...chunks, ...stream.finish(undefined)]), ['{"a":1}'])
  })

  it('streams the arguments of an older client’s function call', () => {
    const stream = choice({ functions: [{ name: 'f' }] })
    const chunks = [
      ...stream.push(saying([{ functionCall: { name: 'f', willContinue: true } }])),
      ...stream.push(saying([piece('$.a', 1)])),
      ...stream.push(saying([{ functionCall: {} }])),
    ]
    const calls = chunks.flatMap(({ delta }) => delta.function_call ?? [])
    assert.deepEqual(calls[0], { name: 'f', arguments: '' })
    assert.equal(calls.map((call) => call.arguments).join(''), '{"a":1}')
  })

  it('gives a custom tool its whole input, though its arguments come in pieces', () => {
    const stream = choice({ tools: [{ type: 'custom', custom: { name: 'shell' } }] })
    const chunks = [
      ...stream.push(saying([{ functionCall: { name: 'shell', willContinue: true } }])),
      ...stream.push(saying([inputPiece('ls "', true)])),
      ...stream.push(saying([inputPiece('x"\n', false)])),
      ...stream.push(saying([{ functionCall: {} }])),
      ...stream.finish(undefined),
    ]
    const calls = chunks.flatMap(({ delta }) => delta.tool_calls ?? [])
    assert.equal(calls.map(({ custom }) => custom?.input ?? '').join(''), 'ls "x"\n')
    assert.ok(calls.every((call) => call.function === undefined))
    assert.deepEqual([calls[0]?.type, calls[0]?.custom?.name], ['custom', 'shell'])
  })

  it('gives the bare value to a function that takes no object', () => {
    const stream = choice({ tools: [naming] })
    const functionCall = { name: 'name', args: { value: ['a', 'b'] } }
    assert.deepEqual(argumentsOf(stream.push(saying([{ functionCall }]))), ['["a","b"]'])
  })

  it('gives the bare value to a function that takes no object, piece by piece', () => {
    const stream = choice({ tools: [naming] })
    const pieces = ['a', 'b'].map((stringValue, at) => ({
      functionCall: {
        partialArgs: [{ jsonPath: `$.value[${at}]`, stringValue }],
        willContinue: true,
      },
    }))
    const chunks = [
      ...stream.push(saying([{ functionCall: { name: 'name', willContinue: true } }])),
      ...stream.push(saying(pieces)),
      ...stream.push(saying([{ functionCall: {} }])),
      ...stream.finish(undefined),
    ]
    assert.deepEqual(argumentsOf(chunks), ['["a","b"]'])
  })

  it('puts the log probabilities of a silent event on an empty delta', () => {
    const stream = choice()
    const chosenCandidates = [{ token: 'a', logProbability: -1 }]
    const chunks = stream.push({ logprobsResult: { chosenCandidates } })
    assert.equal(chunks.at(-1)?.logprobs?.content?.length, 1)
    assert.equal(chunks.filter(({ logprobs }) => logprobs !== null).length, 1)
  })

  it('tells why a prompt was blocked in Gemini’s own words', () => {
    const blocked = { blockReason: 'MODEL_ARMOR', blockReasonMessage: 'The template said no.' }
    const refusals = choice()
      .finish(blocked)
      .flatMap(({ delta }) => delta.refusal ?? [])
    assert.deepEqual(refusals, [
      'The prompt was blocked by Gemini: MODEL_ARMOR. The template said no.',
    ])
  })
})

const naming = {
  type: 'function',
  function: { name: 'name', parameters: { type: 'array', items: { type: 'string' } } },
}

function choice(request: object = {}, index = 0): ChoiceStream {
  const body = {
    model: 'gemini-3.5-flash',
    messages: [{ role: 'user', content: 'Go on.' }],
    ...request,
  }
  const { answer } = toGemini(body, {
    provider: 'vertex',
    model: 'gemini-3.5-flash',
    thoughts: 'reasoning_content',
    remembered: new Map(),
  })
  return new ChoiceStream(index, { id: 'r1', created: 1763164273 }, answer, [])
}

function saying(parts: Part[]): Candidate {
  return { content: { role: 'model', parts } }
}

function piece(jsonPath: string, numberValue: number) {
  return { functionCall: { partialArgs: [{ jsonPath, numberValue }], willContinue: true } }
}

function inputPiece(stringValue: string, willContinue: boolean) {
  const partialArgs = [{ jsonPath: '$.input', stringValue, willContinue }]
  return { functionCall: { partialArgs, willContinue: true } }
}

function functions(...names: string[]) {
  return names.map((name) => ({ type: 'function', function: { name } }))
}

/** The arguments of each call, put together. */
function argumentsOf(chunks: ChunkChoice[]): string[] {
  const calls = chunks.flatMap(({ delta }) => delta.tool_calls ?? [])
  const byIndex = Map.groupBy(calls, ({ index }) => index)
  return [...byIndex.values()].map((pieces) =>
    pieces.map((one) => one.function?.arguments ?? '').join(''),
  )
}

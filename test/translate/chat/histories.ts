import * as fc from 'fast-check'

const ids = ['c1', 'c2', 'c3', 'call_0123456789abcdefghijklmn', '']

/** Any history that an OpenAI client can produce, in order or out of it, whole or cut. */
export const history: fc.Arbitrary<object[]> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: userMessage() },
      { weight: 3, arbitrary: assistantMessage() },
      { weight: 4, arbitrary: toolMessage() },
      {
        weight: 1,
        arbitrary: fc.record({ role: fc.constantFrom('system', 'developer'), content: words() }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          role: fc.constant('function'),
          name: name(),
          content: fc.option(words()),
        }),
      },
      { weight: 2, arbitrary: step() },
    ),
    { minLength: 1, maxLength: 7 },
  )
  .map((turns) => turns.flat())

function name(): fc.Arbitrary<string> {
  return fc.constantFrom('f', 'g', 'read file')
}

/** Numbered, so that each can be looked for in the result. */
function words(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.nat(1e6).map((n) => `word${n};`) },
    { weight: 1, arbitrary: fc.constant('') },
  )
}

function parts(): fc.Arbitrary<object[]> {
  const text = words().map((one) => ({ type: 'text', text: one }))
  const image = fc.constant({
    type: 'image_url',
    image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' },
  })
  return fc.array(fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: image }), {
    maxLength: 3,
  })
}

function userMessage(): fc.Arbitrary<object> {
  return fc.record({ role: fc.constant('user'), content: fc.oneof(words(), parts()) })
}

function call(): fc.Arbitrary<object> {
  return fc
    .record({
      id: fc.constantFrom(...ids),
      name: name(),
      args: fc.constantFrom('{}', '', '{"a":1}', '{"a":1,}'),
      signature: fc.constantFrom('U2ln', undefined, 'not base64!'),
    })
    .map(({ id, name, args, signature }) => ({
      id,
      type: 'function',
      function: { name, arguments: args },
      ...(signature !== undefined && {
        extra_content: { google: { thought_signature: signature } },
      }),
    }))
}

function assistantMessage(): fc.Arbitrary<object> {
  return fc.record(
    {
      role: fc.constantFrom('assistant', 'model'),
      content: fc.option(
        fc.oneof(
          words(),
          fc.array(
            words().map((text) => ({ type: 'text', text })),
            { maxLength: 2 },
          ),
        ),
      ),
      tool_calls: fc.option(fc.array(call(), { maxLength: 3 })),
      function_call: fc.option(fc.record({ name: name(), arguments: fc.constant('{}') }), {
        freq: 5,
      }),
      reasoning_content: fc.option(words()),
      refusal: fc.option(words()),
      extra_content: fc.constantFrom(
        null,
        { google: { thought_signature: 'U2ln' } },
        { google: { thought: true } },
      ),
    },
    { requiredKeys: ['role'] },
  )
}

function toolMessage(): fc.Arbitrary<object> {
  return fc.record(
    {
      role: fc.constant('tool'),
      tool_call_id: fc.constantFrom(...ids, 'unknown'),
      name: name(),
      content: fc.option(fc.oneof(words(), parts(), fc.constantFrom('{"t":1}', '[1]', '42'))),
    },
    { requiredKeys: ['role', 'tool_call_id'] },
  )
}

/** A step as it should be: calls, then a result for each, in some order. */
function step(): fc.Arbitrary<object[]> {
  return fc
    .tuple(
      fc.uniqueArray(fc.constantFrom('s1', 's2', 's3'), { minLength: 1 }),
      fc.constantFrom('U2ln', undefined),
      fc.boolean(),
      words(),
    )
    .map(([stepIds, signature, turned, content]) => {
      const tool_calls = stepIds.map((id, at) => ({
        id,
        type: 'function',
        function: { name: 'f', arguments: '{}' },
        ...(at === 0 && { extra_content: { google: { thought_signature: signature } } }),
      }))
      const results = stepIds.map((id) => ({ role: 'tool', tool_call_id: id, content: id }))
      return [
        { role: 'assistant', content, tool_calls },
        ...(turned ? results.toReversed() : results),
      ]
    })
}

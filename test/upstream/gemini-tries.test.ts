import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { googleError, said } from '../support/gemini.ts'
import { within } from '../support/within.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { eventsIn } from '../support/raw-client.ts'
import { isRecord } from '../support/shared.ts'

const google = await startByHand()
let gateway: Gateway
before(async () => {
  gateway = await startGateway({
    POLLUX_AUTH: 'passthrough',
    GOOGLE_CLOUD_PROJECT: 'p',
    GOOGLE_GEMINI_BASE_URL: google.url,
    GOOGLE_VERTEX_BASE_URL: google.url,
  })
})
after(async () => {
  await gateway.close()
  await google.close()
})

/** What Google answers, one after another; the last one from then on. */
type Answers = [object, ...object[]] | [object[], ...object[][]]

interface Choice {
  index: number
  message?: { content: string | null }
  delta?: { content?: string }
  finish_reason: string | null
  extra_content?: { google: Record<string, unknown> }
}

/** Asks; Google answers so. A list is the events of a stream, an error a refusal. */
async function ask(body: object, answers: Answers) {
  const before = google.log.count
  answerBy(answers)
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer ya29.token' },
    body: JSON.stringify({
      model: 'gemini/gemini-3-flash-preview',
      messages: [{ role: 'user', content: 'Hi' }],
      ...body,
    }),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  const streamed = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  return {
    status: response.status,
    text,
    choice: streamed ? lastOf(eventsIn(text)) : wholeOf(text),
    content: streamed ? contentOf(eventsIn(text)) : (wholeOf(text)?.message?.content ?? ''),
    attempts: response.headers.get('x-pollux-attempts'),
    repaired: response.headers.get('x-pollux-repaired'),
    sent: google.log.since(before).map(({ body }) => (isRecord(body) ? body : {})),
  }
}

/** The emulator checks what it is asked, and then says these. */
function answerBy(answers: Answers): void {
  google.answer((asked) => asked.usual())
  google.play(
    answers.map((answer, at) => ({
      answer: 'error' in answer ? answer : { events: [answer].flat() },
      ...(at < answers.length - 1 && { times: 1 }),
    })),
  )
}

function choicesIn(text: string): Choice[] {
  const { choices = [] }: { choices?: Choice[] } = JSON.parse(text)
  return choices
}

function wholeOf(text: string): Choice | undefined {
  return choicesIn(text)[0]
}

function lastOf(events: string[]): Choice | undefined {
  return events
    .filter((event) => event !== '[DONE]')
    .flatMap(choicesIn)
    .findLast(({ finish_reason }) => finish_reason !== null)
}

function contentOf(events: string[]): string {
  const choices = events.filter((event) => event !== '[DONE]').flatMap(choicesIn)
  return choices.map(({ delta }) => delta?.content ?? '').join('')
}

/** An answer that shows nothing, in one of the ways that were seen. */
function nothing(finishReason: string, content?: object): object {
  return { ...said('', finishReason), candidates: [{ ...(content && { content }), finishReason }] }
}

function signedCall(id: string): object {
  const thought_signature = Buffer.alloc(48, 7).toString('base64')
  const called = { name: 'f', arguments: '{}' }
  return {
    id,
    type: 'function',
    function: called,
    extra_content: { google: { thought_signature } },
  }
}

const good = said('here it is', 'STOP')

describe('an answer that came to nothing', () => {
  const accidents: [string, object][] = [
    ['STOP without content', nothing('STOP')],
    ['STOP without parts', nothing('STOP', { role: 'model' })],
    ['STOP with no parts in a list', nothing('STOP', { parts: [], role: 'model' })],
    ['STOP with an empty text', nothing('STOP', { parts: [{ text: '' }], role: 'model' })],
    ['MALFORMED_FUNCTION_CALL', nothing('MALFORMED_FUNCTION_CALL')],
    ['MALFORMED_FUNCTION_CALL with empty content', nothing('MALFORMED_FUNCTION_CALL', {})],
    ['UNEXPECTED_TOOL_CALL', nothing('UNEXPECTED_TOOL_CALL')],
    ['MALFORMED_RESPONSE', nothing('MALFORMED_RESPONSE')],
    ['MISSING_THOUGHT_SIGNATURE', nothing('MISSING_THOUGHT_SIGNATURE')],
  ]
  for (const [name, accident] of accidents) {
    for (const stream of [false, true]) {
      const form = stream ? 'streamed' : 'whole'
      it(`is asked for again: ${name}, ${form}`, async () => {
        const second = await ask({ stream }, [accident, good])
        assert.deepEqual([second.status, second.content], [200, 'here it is'])
        assert.equal(second.attempts, '2')
        assert.equal(second.sent.length, 2)
        const third = await ask({ stream }, [accident, accident, good])
        assert.equal(third.content, 'here it is')
        assert.equal(third.attempts, '3')
      })

      it(`is given honestly after the third time: ${name}, ${form}`, async () => {
        const { status, choice, content, attempts, sent, text } = await ask({ stream }, [accident])
        assert.equal(status, 200)
        assert.equal(sent.length, 3)
        assert.equal(attempts, '3')
        assert.equal(content, '')
        assert.equal(choice?.finish_reason, 'stop')
        const native = /[A-Z_]+/.exec(name)?.[0]
        assert.equal(
          choice.extra_content?.google.finish_reason,
          native === 'STOP' ? undefined : native,
        )
        if (stream) assert.equal(eventsIn(text).at(-1), '[DONE]')
      })
    }
  }

  it('is asked for in the same words', async () => {
    const body = { temperature: 0.5, messages: [{ role: 'user', content: 'Say it.' }] }
    const { sent } = await ask(body, [nothing('MALFORMED_FUNCTION_CALL')])
    assert.deepEqual(sent[1], sent[0])
    assert.deepEqual(sent[2], sent[0])
  })

  it('is asked for with the placeholder where a signature was missing', async () => {
    const messages = [
      { role: 'user', content: 'Do it.' },
      { role: 'assistant', content: null, tool_calls: ['a', 'b'].map(signedCall) },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'tool', tool_call_id: 'b', content: '2' },
    ]
    for (const stream of [false, true]) {
      const { content, sent } = await ask({ stream, messages }, [
        nothing('MISSING_THOUGHT_SIGNATURE'),
        good,
      ])
      assert.equal(content, 'here it is')
      assert.ok(!JSON.stringify(sent[0]).includes('skip_thought_signature_validator'))
      assert.equal(JSON.stringify(sent[1]).split('skip_thought_signature_validator').length, 2)
    }
  })

  it('counts the tokens of the answer that was given', async () => {
    const { text } = await ask({}, [nothing('STOP'), good])
    const { usage }: { usage: object } = JSON.parse(text)
    assert.partialDeepStrictEqual(usage, { prompt_tokens: 3, completion_tokens: 2 })
  })

  it('does not keep the client’s calls from being cancelled between two tries', async () => {
    google.answer()
    const controller = new AbortController()
    const asking = fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ya29.token' },
      body: JSON.stringify({
        model: 'gemini/gemini-3-flash-preview',
        messages: [{ role: 'user', content: 'Hi' }],
      }),
      signal: controller.signal,
    }).catch(() => undefined)
    const first = await google.next()
    first.reply(nothing('STOP'))
    const second = await google.next()
    controller.abort()
    await within(2_000, second.left, 'the gateway did not hang up')
    await asking
  })
})

describe('an answer that ended otherwise', () => {
  const honest: [string, object, string][] = [
    ['MAX_TOKENS with nothing', nothing('MAX_TOKENS'), 'length'],
    ['SAFETY with nothing', nothing('SAFETY'), 'content_filter'],
    ['RECITATION with nothing', nothing('RECITATION'), 'content_filter'],
    ['PROHIBITED_CONTENT with nothing', nothing('PROHIBITED_CONTENT'), 'content_filter'],
    ['a blocked prompt', { promptFeedback: { blockReason: 'SAFETY' } }, 'content_filter'],
    ['OTHER with nothing', nothing('OTHER'), 'stop'],
    ['LANGUAGE with nothing', nothing('LANGUAGE'), 'stop'],
    ['text and MALFORMED_FUNCTION_CALL', said('some', 'MALFORMED_FUNCTION_CALL'), 'stop'],
    ['text and STOP', said('some', 'STOP'), 'stop'],
  ]
  for (const [name, answer, reason] of honest) {
    it(`is not asked for again: ${name}`, async () => {
      for (const stream of [false, true]) {
        const { status, choice, attempts, sent } = await ask({ stream }, [answer])
        assert.equal(status, 200)
        assert.equal(sent.length, 1)
        assert.equal(attempts, null)
        assert.equal(choice?.finish_reason, reason)
      }
    })
  }

  it('is not asked for again once content has gone out', async () => {
    const events = [said('half of'), nothing('MALFORMED_FUNCTION_CALL')]
    const { content, choice, sent, attempts } = await ask({ stream: true }, [events])
    assert.equal(sent.length, 1)
    assert.equal(attempts, null)
    assert.equal(content, 'half of')
    assert.equal(choice?.finish_reason, 'stop')
    assert.equal(choice.extra_content?.google.finish_reason, 'MALFORMED_FUNCTION_CALL')
  })

  it('is not asked for again once a thought has gone out', async () => {
    const thought = {
      candidates: [{ content: { parts: [{ text: 'Hm.', thought: true }], role: 'model' } }],
    }
    const body = {
      stream: true,
      extra_body: { google: { thinking_config: { include_thoughts: true } } },
    }
    google.answer()
    const before = google.log.count
    const asking = fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ya29.token' },
      body: JSON.stringify({
        model: 'gemini/gemini-3-flash-preview',
        messages: [{ role: 'user', content: 'Hi' }],
        ...body,
      }),
    })
    const asked = await google.next()
    asked.begin()
    asked.events(thought)
    const response = await asking
    asked.events(nothing('STOP'))
    asked.end()
    const text = await response.text()
    assert.match(text, /"reasoning_content":"Hm\."/)
    assert.equal(lastOf(eventsIn(text))?.finish_reason, 'stop')
    assert.equal(google.log.count - before, 1)
  })

  it('is asked for again after thoughts that nobody sees', async () => {
    const thought = {
      candidates: [{ content: { parts: [{ text: 'Hm.', thought: true }], role: 'model' } }],
    }
    const { content, attempts } = await ask({ stream: true }, [[thought, nothing('STOP')], [good]])
    assert.equal(content, 'here it is')
    assert.equal(attempts, '2')
  })
})

function refusal(message: string) {
  return googleError(400, 'INVALID_ARGUMENT', message)
}

describe('a request that Google refuses for one word of it', () => {
  const weather = {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' }, unit: { const: 'C' } },
        required: ['city'],
      },
    },
  }
  const history = [
    { role: 'user', content: 'Do it.' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_a', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_a', content: '1' },
  ]
  const schema = {
    type: 'object',
    properties: {
      enum: { type: 'string', enum: ['a', 'b'], description: 'One of them', pattern: '^a' },
      many: { type: 'array', minItems: 1, maxItems: 900, items: { type: 'integer', maximum: 5 } },
    },
    required: ['enum'],
  }
  interface Refused {
    name: string
    says: string[]
    body: object
    /** What must be in the first request and no more in the second. */
    gone: RegExp
    /** What must be in both. */
    kept: RegExp
  }
  const table: Refused[] = [
    {
      name: 'penalties_dropped',
      says: [
        'Penalty is not enabled for models/gemini-2.0-flash',
        'Penalty is not enabled for this model',
      ],
      body: {
        presence_penalty: 0.5,
        frequency_penalty: 0.5,
        temperature: 0.25,
        // Of a model that takes them: the refusal is the script's, not the emulator's.
        model: 'gemini/gemini-2.0-flash',
      },
      gone: /Penalty/,
      kept: /"temperature":0.25/,
    },
    {
      name: 'logprobs_dropped',
      says: ['Logprobs is not enabled for models/gemini-2.0-flash'],
      body: {
        logprobs: true,
        top_logprobs: 2,
        temperature: 0.25,
        model: 'gemini/gemini-2.0-flash',
      },
      gone: /ogprobs/,
      kept: /"temperature":0.25/,
    },
    {
      name: 'call_ids_dropped',
      says: [
        'Invalid JSON payload received. Unknown name "id" at \'contents[1].parts[0].function_call\': Cannot find field.\nInvalid JSON payload received. Unknown name "id" at \'contents[2].parts[0].function_response\': Cannot find field.',
      ],
      body: { messages: history, tools: [weather] },
      gone: /"id":/,
      kept: /"functionCall":.*"functionResponse":/,
    },
    {
      name: 'thinking_level_dropped',
      says: [
        'Thinking level MEDIUM is not supported for this model. Please retry with other thinking level.',
        'Thinking level is not supported for this model.',
      ],
      body: {
        reasoning_effort: 'medium',
        extra_body: { google: { thinking_config: { include_thoughts: true } } },
      },
      gone: /thinkingLevel/,
      kept: /"includeThoughts":true/,
    },
    {
      name: 'schemas_simplified',
      says: [
        'Invalid JSON payload received. Unknown name "parametersJsonSchema" at \'tools[0].function_declarations[0]\': Cannot find field.',
        'Invalid JSON payload received. Unknown name "parameters_json_schema" at \'tools[0].function_declarations[0]\': Cannot find field.',
      ],
      body: { tools: [weather], model: 'gemini/gemini-2.5-flash' },
      gone: /parametersJsonSchema/,
      kept: /"get_weather".*"city"/,
    },
    {
      name: 'schemas_simplified',
      says: [
        'Invalid JSON payload received. Unknown name "responseJsonSchema" at \'generation_config\': Cannot find field.',
      ],
      body: {
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
        model: 'gemini/gemini-2.5-flash',
      },
      gone: /responseJsonSchema/,
      kept: /"responseMimeType":"application\/json".*"many"|"many".*"responseMimeType":"application\/json"/,
    },
    {
      name: 'schemas_loosened',
      says: [
        'The specified schema produces a constraint that has too many states for serving. Typical causes of this error are schemas with lots of text (for example, very long property or enum names), schemas with long array length limits (especially when nested), or schemas using complex value matchers (for example, integers or numbers with minimum/maximum bounds or strings with complex formats like date-time)',
      ],
      body: {
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
        model: 'gemini/gemini-2.5-flash',
      },
      gone: /maxItems|"maximum"|"pattern"/,
      kept: /"required":\["enum"\].*"enum":\{"type":"string"|"enum":\{"type":"string".*"required":\["enum"\]/,
    },
    {
      name: 'choices_asked_for_one_by_one',
      says: [
        'Multiple candidates is not enabled for this model',
        'Only one candidate can be specified in the current model',
        'Unable to submit request because candidateCount must be 1 but the entered value was 2. Update the candidateCount value and try again.',
      ],
      body: { n: 2, temperature: 0.25, model: 'gemini/gemini-2.5-flash' },
      gone: /candidateCount/,
      kept: /"temperature":0.25/,
    },
  ]
  for (const { name, says, body, gone, kept } of table) {
    const what = `${name}, ${Object.keys(body).join(', ')}`
    it(`is mended and sent again: ${what}`, async () => {
      for (const message of says) {
        for (const stream of [false, true]) {
          const refusal = googleError(400, 'INVALID_ARGUMENT', message)
          const { status, repaired, sent } = await ask({ stream, ...body }, [refusal, good])
          assert.equal(status, 200, message)
          assert.match(repaired ?? '', new RegExp(`(^|, )${name}$`))
          const [first, ...mended] = sent.map((one) => JSON.stringify(one))
          assert.match(first ?? '', gone)
          assert.match(first ?? '', kept)
          assert.equal(mended.length, name === 'choices_asked_for_one_by_one' ? 2 : 1)
          for (const one of mended) {
            assert.doesNotMatch(one, gone)
            assert.match(one, kept)
          }
        }
      }
    })

    it(`is mended once: ${what}`, async () => {
      const [message = ''] = says
      const refusal = googleError(400, 'INVALID_ARGUMENT', message)
      for (const stream of [false, true]) {
        const { status, text, sent } = await ask({ stream, ...body }, [refusal])
        assert.equal(status, 400)
        assert.equal(sent.length, 2)
        const { error }: { error: { type: string; message: string } } = JSON.parse(text)
        assert.equal(error.type, 'invalid_request_error')
        assert.equal(error.message.slice(0, 20), message.slice(0, 20))
      }
    })
  }

  it('is mended for each of several words', async () => {
    const body = { presence_penalty: 0.5, logprobs: true, n: 2, model: 'gemini/gemini-2.0-flash' }
    const { status, repaired, sent } = await ask(body, [
      refusal('Penalty is not enabled for this model'),
      refusal('Logprobs is not enabled for models/gemini-2.0-flash'),
      refusal('Multiple candidates is not enabled for this model'),
      good,
    ])
    assert.equal(status, 200)
    assert.equal(repaired, 'penalties_dropped, logprobs_dropped, choices_asked_for_one_by_one')
    assert.equal(sent.length, 5)
  })

  it('is mended where the emulator knows better than the client', async () => {
    const body = { presence_penalty: 0.5, logprobs: true, model: 'gemini/gemini-2.5-flash' }
    for (const stream of [false, true]) {
      const { status, repaired, content, sent } = await ask({ stream, ...body }, [good])
      assert.deepEqual([status, content], [200, 'here it is'])
      assert.equal(repaired, 'penalties_dropped, logprobs_dropped')
      assert.equal(sent.length, 3)
    }
  })

  it('stays mended when its answer came to nothing', async () => {
    const body = { presence_penalty: 0.5, model: 'gemini/gemini-2.5-flash' }
    const { status, repaired, sent } = await ask(body, [nothing('STOP'), good])
    assert.equal(status, 200)
    assert.equal(repaired, 'penalties_dropped')
    // Refused once, mended, and the mended one again.
    assert.deepEqual(
      sent.map((one) => JSON.stringify(one).includes('Penalty')),
      [true, false, false],
    )
  })

  const others = [
    'Request contains an invalid argument.',
    'Unable to submit request because it has a maxOutputTokens value of -1 but the supported range is from 1 (inclusive) to 65537 (exclusive). Update the value and try again.',
    'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    "Function calling with a response mime type: 'application/json' is unsupported",
    'Invalid JSON payload received. Unknown name "foo" at \'generation_config\': Cannot find field.',
    'Budget 0 is invalid. This model only works in thinking mode.',
  ]
  for (const message of others) {
    it(`is passed on at once: ${message.slice(0, 70)}`, async () => {
      for (const stream of [false, true]) {
        const { status, text, sent, repaired } = await ask({ stream }, [
          googleError(400, 'INVALID_ARGUMENT', message),
        ])
        assert.equal(status, 400)
        assert.equal(sent.length, 1)
        assert.equal(repaired, null)
        assert.match(text, /"type":"invalid_request_error"/)
      }
    })
  }
})

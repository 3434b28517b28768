import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, bookTaxi, getWeather, startClients, withTools } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const flash = 'gemini-2.5-flash'
const newest = 'gemini-3.8-flash'

describe('tools', () => {
  for (const [what, body, message] of [
    [
      'a bad name',
      declaring({ name: '1st' }),
      /function_declarations\[0\]\.name: Invalid function name\. Must start/,
    ],
    [
      'the same name twice',
      declaring({ name: 'f' }, { name: 'f' }),
      /^Duplicate function declaration found: f$/,
    ],
    [
      'parameters in both ways',
      declaring({ ...bookTaxi, parametersJsonSchema: {} }),
      /parameters_json_schema/,
    ],
    [
      'a function that is not declared',
      choosing({ mode: 'ANY', allowedFunctionNames: ['g'] }),
      /allowed_function_names/,
    ],
    [
      'names without force',
      choosing({ mode: 'AUTO', allowedFunctionNames: ['get_weather'] }),
      /allowed_function_names/,
    ],
    [
      'a choice of nothing',
      asking('Hi', { toolConfig: { functionCallingConfig: { mode: 'ANY' } } }),
      /^Function calling config is set without function_declarations\.$/,
    ],
    [
      'required properties nobody declares',
      declaring({
        name: 'f',
        parameters: { type: 'OBJECT', properties: { a: { type: 'STRING' } }, required: ['b'] },
      }),
      /parameters\.required\[0\]: property is not defined/,
    ],
  ] as const) {
    it(`with ${what} are refused`, async () => {
      assert.match((await developer.refusal(flash, body)).message, message)
    })
  }

  it('may need no parameters', async () => {
    const parameters = { type: 'OBJECT', properties: {} }
    await developer.whole(flash, declaring({ name: 'f', parameters }))
    await vertex.whole(flash, declaring({ name: 'f', parameters: { type: 'OBJECT' } }))
  })

  it('of both kinds go together since Gemini 3, when the Developer API is told', async () => {
    const tools = [{ functionDeclarations: [getWeather] }, { googleSearch: {} }]
    const both = asking('Hi', { tools })
    assert.match(
      (await developer.refusal(flash, both)).message,
      /^Tool use with function calling is unsupported$/,
    )
    assert.match(
      (await vertex.refusal(flash, both)).message,
      /^Multiple tools are supported only when/,
    )
    assert.match(
      (await developer.refusal(newest, both)).message,
      /^Please enable tool_config\.include_server_side_tool_invocations/,
    )
    await vertex.whole(newest, both)
    await developer.whole(newest, {
      ...both,
      toolConfig: { includeServerSideToolInvocations: true },
    })
  })
})

function declaring(...functionDeclarations: object[]) {
  return asking('Hi', { tools: [{ functionDeclarations }] })
}

function choosing(functionCallingConfig: object) {
  return withTools('Hi', { toolConfig: { functionCallingConfig } })
}

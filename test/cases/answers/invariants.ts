import assert from 'node:assert/strict'
import type { ChatChunk, ChunkChoice } from '../../../src/translate/chat/response.ts'
import { openaiChunk, openaiResponse } from '../../support/openai-contract.ts'
import { shared } from '../../support/shared.ts'

/** What holds of every finished stream, whatever the answer says. */
export function assertWellFormed(chunks: ChatChunk[], asked: { usage: boolean }): void {
  const [first] = chunks
  for (const { id, created, model, object } of chunks) {
    assert.deepEqual(
      { id, created, model, object },
      {
        id: first?.id,
        created: first?.created,
        model: first?.model,
        object: 'chat.completion.chunk',
      },
    )
  }
  const speaking = asked.usage ? chunks.slice(0, -1) : chunks
  assert.ok(
    speaking.every((chunk) => chunk.choices.length > 0),
    'only usage has no choices',
  )
  if (asked.usage) {
    assert.deepEqual(chunks.at(-1)?.choices, [])
    assert.equal(typeof chunks.at(-1)?.usage?.total_tokens, 'number')
    assert.ok(
      speaking.every((chunk) => chunk.usage === null),
      'usage is null until the end',
    )
  } else {
    assert.ok(!chunks.some((chunk) => 'usage' in chunk), 'nobody asked for usage')
  }
  const choices = Map.groupBy(
    chunks.flatMap((chunk) => chunk.choices),
    (choice) => choice.index,
  )
  assert.ok(choices.size > 0, 'a stream has a choice')
  for (const deltas of choices.values()) assertChoice(deltas)
  assertKeepsContract(chunks)
}

function assertChoice(choices: ChunkChoice[]): void {
  const roles = choices.map(({ delta }) => delta.role)
  assert.deepEqual(roles, ['assistant', ...roles.slice(1).map(() => undefined)], 'role once, first')
  const ends = choices.map(({ finish_reason }) => finish_reason !== null)
  assert.equal(ends.indexOf(true), choices.length - 1, 'one finish_reason, in the last chunk')
  const words = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call']
  assert.ok(words.includes(choices.at(-1)?.finish_reason ?? ''), 'one of OpenAI’s five words')

  const calls = choices.flatMap(({ delta }) => delta.tool_calls ?? [])
  const beginnings = calls.filter((call) => call.id !== undefined)
  assert.deepEqual(
    beginnings.map((call) => call.index),
    [...beginnings.keys()],
    'calls count from 0, each begun once',
  )
  for (const [at, call] of calls.entries()) {
    const begun = calls.slice(0, at + 1).some(({ id, index }) => id && index === call.index)
    assert.ok(begun, 'the first delta of a call has its id')
    if (call.id === undefined) {
      assert.deepEqual(Object.keys(call).toSorted(), ['function', 'index'])
      assert.deepEqual(Object.keys(call.function ?? {}), ['arguments'])
    }
  }
}

/** OpenAI's own schema, where the shared contracts are at hand. */
export function assertKeepsContract(chunks: ChatChunk[]): void {
  if (shared === undefined) return
  for (const chunk of chunks) {
    // OpenAI's schema of a chunk knows calls of functions only.
    if (JSON.stringify(chunk).includes('"type":"custom"')) continue
    assert.deepEqual(openaiChunk(JSON.parse(JSON.stringify(chunk))), [])
  }
}

/** The same for a whole answer. */
export function assertWholeKeepsContract(completion: object): void {
  if (shared === undefined) return
  assert.deepEqual(openaiResponse(JSON.parse(JSON.stringify(completion))), [])
}

/** Every call id of an answer, in the order in which they come. */
export function assertCallIds(chunks: ChatChunk[]): string[] {
  const ids = chunks.flatMap((chunk) =>
    chunk.choices.flatMap(({ delta }) => (delta.tool_calls ?? []).flatMap(({ id }) => id ?? [])),
  )
  for (const id of ids) assert.match(id, /^call_[A-Za-z0-9]{24,32}$/)
  assert.equal(new Set(ids).size, ids.length, 'no id twice')
  return ids
}

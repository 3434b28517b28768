import type { Call } from '../call.ts'
import { invalidArgument, invalidField, noReason } from '../errors.ts'
import { bringsResults, type Content, continuesCall, makesCalls, turnsOf } from '../request.ts'

/** Refuses turns that are missing, empty, by nobody, or in an order the model was not taught. */
export function checkContents(call: Call): void {
  const contents = call.request.contents ?? []
  if (contents.length === 0) throw noContents(call)
  contents.forEach((content, i) => {
    checkRole(content, call)
    checkNotEmpty(content, `contents[${i}]`, call)
  })
  checkSystemInstruction(call)
  turnsOf(contents).forEach((turn, i, turns) => checkOrder(turn, turns[i - 1]))
  if (call.model.refusesPrefill) checkEnd(contents)
}

// An empty turn does not count, and the user must not end with one.
function checkEnd(contents: Content[]): void {
  if (contents.findLast(saysAnything)?.role === 'model') {
    throw invalidArgument('Requests ending with a model turn are not supported.')
  }
  const last = contents.at(-1)
  if (last && last.role !== 'model' && !saysAnything(last)) throw invalidArgument(noReason)
}

function saysAnything({ parts = [] }: Content): boolean {
  return parts.some((part) => part.text !== '' || part.thoughtSignature !== undefined)
}

function noContents({ backend }: Call): Error {
  return backend === 'vertex'
    ? unableToSubmit('at least one contents field is required.')
    : invalidField('contents', 'contents is not specified')
}

// The Developer API takes a turn without a role for the user's, Vertex AI does not.
function checkRole({ role }: Content, { backend }: Call): void {
  const known = role === 'user' || role === 'model'
  if (!known && (role !== undefined || backend === 'vertex')) {
    throw invalidArgument('Please use a valid role: user, model.')
  }
}

function checkNotEmpty({ parts = [] }: Content, path: string, { backend }: Call): void {
  if (parts.length > 0) return
  throw backend === 'vertex'
    ? unableToSubmit('it must include at least one parts field, which describes the prompt input.')
    : invalidField(`${path}.parts`, 'contents.parts must not be empty.')
}

function checkSystemInstruction(call: Call): void {
  const { systemInstruction } = call.request
  if (!systemInstruction) return
  checkNotEmpty(systemInstruction, 'system_instruction', call)
  if ((systemInstruction.parts ?? []).some(({ text }) => text === undefined)) {
    throw invalidField('system_instruction', 'only text parts are allowed.')
  }
}

function checkOrder(turn: Content[], before: Content[] | undefined): void {
  if (!before && turn.some((content) => content.role === 'model' && makesCalls(content))) {
    throw invalidArgument(
      'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
    )
  }
  const last = turn.findLastIndex(bringsResults)
  if (last < 0) return
  // What Google's servers called for the model is answered in the model's own turn.
  const calling = turn.some(makesCalls) ? turn : (before ?? [])
  if (!calling.some(makesCalls) || !turn.slice(0, last).every(bringsOrMakes)) {
    throw invalidArgument(
      'Please ensure that function response turn comes immediately after a function call turn.',
    )
  }
  if (results(turn) !== calls(calling)) {
    throw invalidArgument(
      'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
    )
  }
}

function bringsOrMakes(content: Content): boolean {
  return bringsResults(content) || makesCalls(content)
}

function results(turn: Content[]): number {
  return turn.flatMap(({ parts = [] }) => parts).filter((part) => part.functionResponse).length
}

function calls(turn: Content[]): number {
  const parts = turn.flatMap((content) => content.parts ?? [])
  return parts.filter((part, i) => part.functionCall && !continuesCall(part, parts[i - 1])).length
}

/** A refusal in the words Vertex AI begins most of its own with. */
export function unableToSubmit(because: string): Error {
  return invalidArgument(
    `Unable to submit request because ${because} Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/gemini`,
  )
}

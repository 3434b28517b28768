import type { FunctionCall } from '../gemini.ts'
import { isObject, tryParseJson } from '../json.ts'
import { ArgumentsWriter } from './arguments.ts'
import { toCallId } from './call-id.ts'
import { wrapper } from './parameters.ts'
import type { AnswerOptions } from './request.ts'
import { type Delta, extra, type ExtraContent } from './response.ts'

/** A call as the client knows it, and what Gemini knows it by. */
export interface MadeCall {
  id: string
  nativeId: string | undefined
  signature: string | undefined
}

interface BegunCall {
  index: number
  id: string
  name: string
  besides: { extra_content?: ExtraContent }
}

/** Gemini's function calls -> OpenAI's tool calls, whole or piece by piece, in one choice. */
export class Calls {
  readonly #choice: number
  readonly #answer: string
  readonly #options: AnswerOptions
  /** Their index counts on over all events. */
  #count = 0
  /** Where each call is put as soon as it is known. */
  readonly #made: MadeCall[]
  /** A call whose arguments are still coming; `held` is what the client gets only at their end. */
  #open: { begun: BegunCall; writer: ArgumentsWriter; held: string | undefined } | undefined

  constructor(choice: number, answer: string, options: AnswerOptions, made: MadeCall[]) {
    this.#choice = choice
    this.#answer = answer
    this.#options = options
    this.#made = made
  }

  /** How many there were. */
  get count(): number {
    return this.#count
  }

  push(call: FunctionCall, signature: string | undefined): Delta[] {
    if (call.name === undefined) return this.#continue(call)
    const before = this.end()
    if (this.#options.single && this.#count > 0) return before
    return [...before, ...this.#begin(call.name, call, signature)]
  }

  /** Closes the arguments of the last call, also where Gemini did not say that they end. */
  end(): Delta[] {
    if (this.#open === undefined) return []
    const rest = this.#toArguments(this.#open.writer.end())
    const { begun, held } = this.#open
    this.#open = undefined
    if (held === undefined) return rest
    const args = tryParseJson(held)
    return [this.#toCall(begun, isObject(args) ? args : {})]
  }

  #begin(name: string, call: FunctionCall, signature: string | undefined): Delta[] {
    const { args, id: nativeId, partialArgs = [], willContinue } = call
    const index = this.#count
    this.#count += 1
    const id = toCallId(this.#answer, this.#choice, index)
    this.#made.push({ id, nativeId, signature })
    const besides = extra({ thought_signature: signature })
    const begun = { index, id, name: this.#options.names.toClient(name), besides }
    if (args !== undefined || (partialArgs.length === 0 && willContinue !== true)) {
      return [this.#toCall(begun, args ?? {})]
    }
    const held = this.#isHeld(begun.name)
    this.#open = { begun, writer: new ArgumentsWriter(), held: held ? '' : undefined }
    return [...(held ? [] : [this.#toFunctionCall(begun, '')]), ...this.#continue(call)]
  }

  #continue({ partialArgs = [], willContinue }: FunctionCall): Delta[] {
    if (this.#open === undefined) return []
    const more = this.#toArguments(this.#open.writer.push(partialArgs))
    return [...more, ...(willContinue === true ? [] : this.end())]
  }

  /** Arguments that the client gets in another form have to be whole first. */
  #isHeld(name: string): boolean {
    return this.#options.custom.has(name) || this.#options.wrapped.has(name)
  }

  #toCall(begun: BegunCall, args: Record<string, unknown>): Delta {
    const { index, id, name, besides } = begun
    if (this.#options.custom.has(name)) {
      const custom = { name, input: toInput(args) }
      return { tool_calls: [{ index, id, type: 'custom', custom, ...besides }] }
    }
    const whole = this.#options.wrapped.has(name) ? (args[wrapper] ?? null) : args
    return this.#toFunctionCall(begun, JSON.stringify(whole))
  }

  #toFunctionCall({ index, id, name, besides }: BegunCall, written: string): Delta {
    const called = { name, arguments: written }
    if (this.#options.legacy) return { function_call: called, ...besides }
    return { tool_calls: [{ index, id, type: 'function', function: called, ...besides }] }
  }

  #toArguments(text: string): Delta[] {
    if (this.#open?.held !== undefined) {
      this.#open.held += text
      return []
    }
    if (text === '') return []
    if (this.#options.legacy) return [{ function_call: { arguments: text } }]
    return [{ tool_calls: [{ index: this.#count - 1, function: { arguments: text } }] }]
  }
}

function toInput({ input }: Record<string, unknown>): string {
  return typeof input === 'string' ? input : (JSON.stringify(input) ?? '')
}

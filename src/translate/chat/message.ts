import { z } from 'zod'
import { brief } from '../../errors.ts'
import { isObject } from '../json.ts'
import { list, optional } from '../parse.ts'
import { content } from './content.ts'
import { carriers } from './google.ts'
import type { Target } from './target.ts'
import type { ToolNames } from './tool-names.ts'

const calledFunction = z.looseObject({ name: z.string(), arguments: optional(z.string()) })

const toolCall = z.union([
  z.looseObject({
    id: optional(z.string()),
    type: optional(z.literal('function')),
    function: calledFunction,
  }),
  z.looseObject({
    id: optional(z.string()),
    type: z.literal('custom'),
    custom: z.object({ name: z.string(), input: z.string() }),
  }),
])

const instruction = { content, name: optional(z.string()) }

const image = z.object({ image_url: z.object({ url: z.string() }), ...carriers })

const message = z.discriminatedUnion(
  'role',
  [
    z.object({ role: z.literal('system'), ...instruction }),
    z.object({ role: z.literal('developer'), ...instruction }),
    z.object({ role: z.literal('user'), content, name: optional(z.string()), ...carriers }),
    z.looseObject({
      // Google's own documentation writes `model` in OpenAI histories.
      role: z.literal(['assistant', 'model']),
      content: optional(content),
      refusal: optional(z.string()),
      reasoning_content: optional(z.string()),
      tool_calls: optional(list(toolCall, 10_000)),
      function_call: optional(calledFunction),
      images: optional(list(image, 3000)),
      ...carriers,
    }),
    z.object({
      role: z.literal('tool'),
      content: optional(content),
      tool_call_id: optional(z.string()),
      name: optional(z.string()),
      ...carriers,
    }),
    z.object({
      role: z.literal('function'),
      content: optional(content),
      name: z.string(),
      ...carriers,
    }),
  ],
  {
    error: ({ input }) => {
      const role = isObject(input) ? input.role : input
      return `Invalid value: '${brief(role)}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`
    },
  },
)

/** The conversation so far. */
export const messages = {
  messages: list(message, 20_000).refine((given) => given.length > 0, 'Give at least one message.'),
}

export type Message = z.output<typeof message>
export type AssistantMessage = Extract<Message, { role: 'assistant' | 'model' }>
export type ResultMessage = Extract<Message, { role: 'tool' | 'function' }>
export type UserMessage = Extract<Message, { role: 'user' }>
export type ToolCall = z.output<typeof toolCall>

/** A message with its place in the request, for errors. */
export interface Placed<M> {
  message: M
  where: string
}

/** What was mended in a history so that Gemini takes it; clients read the names in a header. */
export type Repair =
  | 'instructions_moved'
  | 'instructions_as_user_turn'
  | 'empty_message_dropped'
  | 'tool_results_reordered'
  | 'tool_result_missing'
  | 'tool_result_matched_by_position'
  | 'tool_result_without_call'
  | 'tool_result_media_moved'
  | 'arguments_mended'
  | 'signature_missing'
  | 'user_turn_inserted'
  | 'user_turn_appended'

/** What a history is read with. */
export interface Reading {
  target: Target
  names: ToolNames
  /** Functions whose arguments are no object, by the client's name. */
  wrapped: ReadonlySet<string>
  /** The tag that thoughts stand in, in the client's history. */
  marker: string | undefined
  /** Signatures that the client did not send back, by call id. */
  remembered: ReadonlyMap<string, string>
  /** Gemini's own ids of calls, by the ids that the client has. */
  nativeIds: ReadonlyMap<string, string>
  /** A cached content has its own system instruction, and refuses another. */
  cached: boolean
  /** What the gateway itself has to tell the model, after the client's own instructions. */
  furtherInstructions: readonly string[]
}

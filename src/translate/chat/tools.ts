import { z } from 'zod'
import { brief, invalidRequest } from '../../errors.ts'
import type { Abilities } from '../abilities.ts'
import type { FunctionCallingConfig, FunctionDeclaration, Tool } from '../gemini.ts'
import { isObject } from '../json.ts'
import { list, optional } from '../parse.ts'
import { SchemaBudget } from '../schema/budget.ts'
import type { KnownSchemas } from '../schema/known.ts'
import { toCamel } from './google.ts'
import { type SchemaWriting, toParameters } from './parameters.ts'
import { ToolNames } from './tool-names.ts'

const functionDefinition = z.object({
  name: z.string().min(1, 'Give the function a name.'),
  description: optional(z.string()),
  parameters: optional(z.record(z.string(), z.unknown())),
  strict: optional(z.boolean()),
})

const customDefinition = z.object({
  name: z.string().min(1, 'Give the tool a name.'),
  description: optional(z.string()),
  format: optional(z.looseObject({ type: z.string() })),
})

const named = z.object({ name: z.string() })

const functionTool = z.object({ type: z.literal('function'), function: functionDefinition })
const customTool = z.object({ type: z.literal('custom'), custom: customDefinition })

/** Google's own tools, by the names that clients know them under. */
const builtIn = {
  google_search: 'googleSearch',
  googleSearch: 'googleSearch',
  web_search: 'googleSearch',
  web_search_preview: 'googleSearch',
  url_context: 'urlContext',
  code_execution: 'codeExecution',
  code_interpreter: 'codeExecution',
  google_maps: 'googleMaps',
  enterprise_web_search: 'enterpriseWebSearch',
} as const

// Object.keys forgets the names it was given; they are those of the table above.
const builtInNames = Object.keys(builtIn) as (keyof typeof builtIn)[]

const builtInTool = z.looseObject({
  type: z.enum(builtInNames, {
    error: ({ input }) =>
      `Invalid value: '${brief(input)}'. Supported values are: ${[
        'function',
        'custom',
        ...builtInNames,
      ]
        .map((name) => `'${name}'`)
        .join(', ')}.`,
  }),
})

const choiceWords = ['none', 'auto', 'required', 'validated'] as const
const choiceList = choiceWords.map((word) => `'${word}'`).join(', ')
const mode = z.enum(choiceWords)

const toolReference = z.object({ function: optional(named), custom: optional(named) })

/** As many as Gemini takes. */
const mostTools = 512

/** What the model may call, and whether it must. */
export const tools = {
  tools: optional(list(z.union([functionTool, customTool, builtInTool]), mostTools)),
  tool_choice: optional(
    z.union(
      [
        mode,
        z.object({ type: z.literal('function'), function: named }),
        z.object({ type: z.literal('custom'), custom: named }),
        z.object({
          type: z.literal('allowed_tools'),
          allowed_tools: z.object({
            mode: z.enum(['auto', 'required']),
            tools: z.array(toolReference),
          }),
        }),
      ],
      `Expected ${choiceList}, or an object that names a tool.`,
    ),
  ),
  functions: optional(list(functionDefinition, mostTools)),
  function_call: optional(
    z.union([mode, named], `Expected ${choiceList}, or an object that names a function.`),
  ),
  parallel_tool_calls: optional(z.boolean()),
  web_search_options: optional(z.looseObject({})),
}

const fragment = z.object(tools)
type Tools = z.output<typeof fragment>
type FunctionDefinition = z.output<typeof functionDefinition>
type CustomDefinition = z.output<typeof customDefinition>

/** What the answer's translation must know of the tools that were declared. */
export interface Toolbox {
  tools: Tool[]
  calling: FunctionCallingConfig | undefined
  names: ToolNames
  /** Tools that take and give free text instead of JSON, by the client's name. */
  custom: ReadonlySet<string>
  /** Functions whose arguments are no object, by the client's name: Gemini has them in a member. */
  wrapped: ReadonlySet<string>
  /** The client speaks the older `functions`, and wants `function_call` back. */
  legacy: boolean
  /** The client wants no more than one call in an answer. */
  single: boolean
}

/** Throws 400 for tools that contradict each other. */
export function toToolbox(request: Tools, can: Abilities, known?: KnownSchemas): Toolbox {
  const { tools, tool_choice, functions, function_call, parallel_tool_calls, ...rest } = request
  const { web_search_options, ...forgotten } = rest
  forgotten satisfies Record<string, never>
  if (tools?.length && functions?.length) {
    throw invalidRequest('Give tools or functions, not both.', 'functions')
  }
  if (tool_choice !== undefined && function_call !== undefined) {
    throw invalidRequest('Give tool_choice or function_call, not both.', 'function_call')
  }
  const hasFunctions = functions !== undefined && functions.length > 0
  const declared = [...(tools ?? []), ...(functions ?? []).map(toFunctionTool)]
  if (declared.length === 0 && web_search_options === undefined) {
    return { ...emptyToolbox, single: parallel_tool_calls === false }
  }
  const names = new ToolNames(declared.flatMap(toName))
  const writing = { can, budget: new SchemaBudget(), known }
  const written = declared.flatMap((tool, at) =>
    toDeclaration(tool, at, names, !hasFunctions, writing),
  )
  const declarations = written.map(({ declaration }) => declaration)
  const native = declared.flatMap((tool) =>
    tool.type === 'function' || tool.type === 'custom' ? [] : [toBuiltIn(tool)],
  )
  const search = web_search_options === undefined ? [] : [{ googleSearch: {} }]
  const choice = tool_choice ?? toToolChoice(function_call)
  return {
    tools: [
      ...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : []),
      // Each of Google's own tools is a Tool of its own; the same one twice is refused.
      ...search,
      ...native,
    ],
    calling: declarations.length > 0 ? toCalling(choice, names) : undefined,
    names,
    custom: new Set(declared.flatMap((tool) => (tool.type === 'custom' ? [tool.custom.name] : []))),
    wrapped: new Set(written.filter(({ wrapped }) => wrapped).map(({ name }) => name)),
    legacy: hasFunctions,
    single: parallel_tool_calls === false || hasFunctions,
  }
}

const emptyToolbox = {
  tools: [],
  calling: undefined,
  names: new ToolNames([]),
  custom: new Set<string>(),
  wrapped: new Set<string>(),
  legacy: false,
}

/** One of Google's own, with the options that the client put under its name. */
function toBuiltIn(tool: { type: keyof typeof builtIn; [key: string]: unknown }): Tool {
  const options = toCamel(tool[tool.type])
  return { [builtIn[tool.type]]: isObject(options) ? options : {} }
}

function toFunctionTool(definition: FunctionDefinition) {
  return { type: 'function' as const, function: definition }
}

type DeclaredTool = NonNullable<Tools['tools']>[number]

function toName(tool: DeclaredTool): string[] {
  if (tool.type === 'function') return [tool.function.name]
  return tool.type === 'custom' ? [tool.custom.name] : []
}

interface WrittenTool {
  /** The client's name of it. */
  name: string
  declaration: FunctionDeclaration
  wrapped: boolean
}

function toDeclaration(
  tool: DeclaredTool,
  at: number,
  names: ToolNames,
  modern: boolean,
  writing: SchemaWriting,
): WrittenTool[] {
  if (tool.type === 'custom') return [toCustomDeclaration(tool.custom, names, writing)]
  if (tool.type !== 'function') return []
  const { name, description, parameters, strict: _, ...forgotten } = tool.function
  forgotten satisfies Record<string, never>
  const param = modern ? `tools[${at}].function.parameters` : `functions[${at}].parameters`
  const { field, wrapped } = toParameters(parameters, param, writing)
  const declaration = {
    name: names.toGemini(name),
    description: description || undefined,
    ...field,
  }
  return [{ name, declaration, wrapped }]
}

/** A tool of free text is a function of one string: Gemini knows no other kind. */
function toCustomDeclaration(
  { name, description, format }: CustomDefinition,
  names: ToolNames,
  writing: SchemaWriting,
): WrittenTool {
  const grammar =
    format === undefined || format.type === 'text' ? undefined : JSON.stringify(format)
  const input = { type: 'string', description: grammar && `Must follow this format: ${grammar}` }
  const parameters = { type: 'object', properties: { input }, required: ['input'] }
  const { field, wrapped } = toParameters(parameters, '', writing)
  const declaration = {
    name: names.toGemini(name),
    description: description || undefined,
    ...field,
  }
  return { name, declaration, wrapped }
}

type ToolChoice = NonNullable<Tools['tool_choice']>

function toToolChoice(call: Tools['function_call']): ToolChoice | undefined {
  return typeof call === 'object' ? { type: 'function', function: call } : call
}

const modes = { none: 'NONE', auto: 'AUTO', required: 'ANY', validated: 'VALIDATED' } as const

function toCalling(
  choice: ToolChoice | undefined,
  names: ToolNames,
): FunctionCallingConfig | undefined {
  if (choice === undefined) return undefined
  if (typeof choice === 'string') return { mode: modes[choice] }
  if (choice.type === 'allowed_tools') {
    const { mode, tools } = choice.allowed_tools
    const allowed = tools.flatMap((tool) => tool.function?.name ?? tool.custom?.name ?? [])
    // Names go with ANY and VALIDATED only: VALIDATED is an AUTO that may be narrowed.
    return {
      mode: mode === 'required' ? 'ANY' : 'VALIDATED',
      allowedFunctionNames: allowed.map((name) => toDeclaredName(name, names)),
    }
  }
  const { name } = choice.type === 'custom' ? choice.custom : choice.function
  return { mode: 'ANY', allowedFunctionNames: [toDeclaredName(name, names)] }
}

function toDeclaredName(name: string, names: ToolNames): string {
  if (names.has(name)) return names.toGemini(name)
  throw invalidRequest(
    `tool_choice names '${brief(name)}', which is not among the tools. Declare it or name another.`,
    'tool_choice',
  )
}

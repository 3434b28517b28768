import type { Call } from '../call.ts'
import { invalidArgument, invalidField } from '../errors.ts'
import { declarations, type FunctionDeclaration, type Tool } from '../request.ts'
import { checkJsonSchema, checkParameters } from './schema.ts'

/** Refuses declarations the model could not call, and tools that do not go together. */
export function checkTools(call: Call): void {
  const { request } = call
  const tools = request.tools ?? []
  tools.forEach((tool, i) =>
    (tool.functionDeclarations ?? []).forEach((declaration, j) =>
      checkDeclaration(declaration, `tools[${i}].function_declarations[${j}]`),
    ),
  )
  checkNamesAreUnique(declarations(request))
  checkMixture(tools, call)
  checkCallingConfig(call)
}

function checkDeclaration(declaration: FunctionDeclaration, path: string): void {
  const { name = '', parameters, parametersJsonSchema } = declaration
  if (!/^[A-Za-z_][\w.:-]{0,127}$/.test(name)) {
    throw invalidField(
      `${path}.name`,
      'Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.',
    )
  }
  if (parameters && parametersJsonSchema !== undefined) {
    throw invalidField(
      `${path}.parameters_json_schema`,
      'must not be set together with parameters.',
    )
  }
  if (parameters) checkParameters(parameters, `${path}.parameters`)
  checkJsonSchema(parametersJsonSchema, `${path}.parameters_json_schema`)
}

function checkNamesAreUnique(all: FunctionDeclaration[]): void {
  const names = all.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) {
    throw invalidArgument(`Duplicate function declaration found: ${twice}`)
  }
  if (all.length > 512) {
    throw invalidArgument('The number of function declarations must not exceed 512.')
  }
}

function checkMixture(tools: Tool[], { request, backend, model }: Call): void {
  const functions = tools.some((tool) => tool.functionDeclarations)
  const builtIns = tools.some((tool) => {
    return Object.keys(tool).some((name) => !clientSide.includes(name))
  })
  if (!functions || !builtIns) return
  if (model.generation < 3) {
    throw invalidArgument(
      backend === 'vertex'
        ? 'Multiple tools are supported only when they are all search tools.'
        : 'Tool use with function calling is unsupported',
    )
  }
  if (backend === 'gemini-api' && !request.toolConfig?.includeServerSideToolInvocations) {
    throw invalidArgument(
      'Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling.',
    )
  }
}

/** Tools whose calls the client carries out, as it does for its own functions. */
const clientSide = ['functionDeclarations', 'computerUse', 'mcpServers']

function checkCallingConfig({ request }: Call): void {
  const config = request.toolConfig?.functionCallingConfig
  if (!config || Object.keys(config).length === 0) return
  const { mode = 'AUTO', allowedFunctionNames = [] } = config
  const declared = declarations(request).map(({ name }) => name)
  // One of Google's own tools is enough.
  const offersNothing = declared.length === 0 && (request.tools ?? []).length === 0
  if (offersNothing && mode !== 'NONE') {
    throw invalidArgument('Function calling config is set without function_declarations.')
  }
  const path = 'tool_config.function_calling_config.allowed_function_names'
  if (allowedFunctionNames.length > 0 && mode !== 'ANY' && mode !== 'VALIDATED') {
    throw invalidField(path, 'should only be set when mode is ANY or VALIDATED.')
  }
  const undeclared = allowedFunctionNames.find((name) => !declared.includes(name))
  if (undeclared !== undefined) {
    throw invalidField(path, `function ${undeclared} is not in function_declarations.`)
  }
}

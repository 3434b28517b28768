/** A request after reading: camelCase, enum names in Google's spelling, no nulls. */
export interface GenerateContentRequest {
  contents?: Content[]
  systemInstruction?: Content
  tools?: Tool[]
  toolConfig?: ToolConfig
  safetySettings?: { category?: string; threshold?: string }[]
  modelArmorConfig?: unknown
  generationConfig?: GenerationConfig
  cachedContent?: string
  serviceTier?: string
}

/** One turn. */
export interface Content {
  role?: string
  parts?: Part[]
}

/** One part of a turn: one kind of data and its modifiers. */
export interface Part {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  videoMetadata?: unknown
  inlineData?: { mimeType?: string; data?: string }
  fileData?: { mimeType?: string; fileUri?: string }
  functionCall?: FunctionCall
  functionResponse?: FunctionResponse
  executableCode?: { id?: string; language?: string; code?: string }
  codeExecutionResult?: { id?: string; outcome?: string; output?: string }
  toolCall?: { id?: string; toolType?: string; args?: Record<string, unknown> }
  toolResponse?: { id?: string; toolType?: string; response?: Record<string, unknown> }
}

/** A call the model made, or makes. */
export interface FunctionCall {
  id?: string
  name?: string
  args?: Record<string, unknown>
  /** Arguments in bits, where the request asks for them as they are made. */
  partialArgs?: PartialArg[]
  willContinue?: boolean
}

/** A bit of one argument: where it belongs and what it adds. */
export interface PartialArg {
  jsonPath: string
  stringValue?: string
  numberValue?: number
  boolValue?: boolean
  nullValue?: 'NULL_VALUE'
  willContinue?: boolean
}

/** What came of a call. */
export interface FunctionResponse {
  id?: string
  name?: string
  response?: Record<string, unknown>
  parts?: {
    inlineData?: { mimeType?: string; data?: string }
    fileData?: { mimeType?: string; fileUri?: string }
  }[]
}

/** Declarations, or one of the built-in tools, by field name. */
export interface Tool {
  functionDeclarations?: FunctionDeclaration[]
  [builtIn: string]: unknown
}

/** A function the model may call. */
export interface FunctionDeclaration {
  name?: string
  description?: string
  parameters?: Schema
  parametersJsonSchema?: unknown
  response?: Schema
  responseJsonSchema?: unknown
}

/** Whether and which functions the model has to call. */
export interface ToolConfig {
  functionCallingConfig?: {
    mode?: string
    allowedFunctionNames?: string[]
    streamFunctionCallArguments?: boolean
  }
  includeServerSideToolInvocations?: boolean
}

/** How to generate. */
export interface GenerationConfig {
  temperature?: number
  topP?: number
  topK?: number
  candidateCount?: number
  maxOutputTokens?: number
  stopSequences?: string[]
  presencePenalty?: number
  frequencyPenalty?: number
  responseLogprobs?: boolean
  logprobs?: number
  responseMimeType?: string
  responseSchema?: Schema
  responseJsonSchema?: unknown
  responseModalities?: string[]
  thinkingConfig?: ThinkingConfig
}

/** How much to think, and whether to tell. */
export interface ThinkingConfig {
  includeThoughts?: boolean
  thinkingBudget?: number
  thinkingLevel?: string
}

/** A node in the OpenAPI subset or, for sampling, in JSON Schema. */
export interface Schema {
  type?: string | string[]
  format?: string
  enum?: unknown[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  anyOf?: Schema[]
  [keyword: string]: unknown
}

/** A JSON Schema to look into; anything but an object says nothing. */
export function asSchema(value: unknown): Schema | undefined {
  return isSchema(value) ? value : undefined
}

/** Whether a value is a schema with keywords. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** All declarations of a request, across its tools. */
export function declarations(request: GenerateContentRequest): FunctionDeclaration[] {
  return (request.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? [])
}

/** Whether one of Google's own tools is offered. */
export function offers(request: GenerateContentRequest, tool: string): boolean {
  return (request.tools ?? []).some((one) => one[tool] !== undefined)
}

/** Whether a turn brings results of calls. */
export function bringsResults(content: Content): boolean {
  return (content.parts ?? []).some((part) => part.functionResponse)
}

/** Whether a turn makes calls. */
export function makesCalls(content: Content): boolean {
  return (content.parts ?? []).some((part) => part.functionCall)
}

/** Whether a part is one more bit of the call before it, as calls are streamed at Vertex AI. */
export function continuesCall(part: Part, before: Part | undefined): boolean {
  return part.functionCall?.name === undefined && before?.functionCall?.willContinue === true
}

/** Contents by who speaks: those of one speaker in a row are one turn. */
export function turnsOf(contents: Content[]): Content[][] {
  const byModel = ({ role }: Content) => role === 'model'
  const starts = contents.flatMap((content, i) => {
    const before = contents[i - 1]
    return before && byModel(before) === byModel(content) ? [] : [i]
  })
  return starts.map((start, i) => contents.slice(start, starts[i + 1]))
}

/** Where the current turn begins: after the last user content that is more than results. */
export function currentTurn(contents: Content[]): number {
  return (
    contents.findLastIndex(({ role, parts }) => {
      return role !== 'model' && (parts ?? []).some((part) => !part.functionResponse)
    }) + 1
  )
}

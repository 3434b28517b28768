import {
  asSchema,
  declarations,
  type FunctionCall,
  type FunctionDeclaration,
  type GenerateContentRequest,
  type Schema,
} from '../request.ts'
import { hintsFrom } from './hints.ts'
import { enumeratedNames, type Prompt, properNames } from './prompt.ts'
import { sample } from './schema-sample.ts'

/** The functions the model calls: those it has to, or those the prompt mentions. */
export function callsFor(request: GenerateContentRequest, prompt: Prompt): FunctionCall[] {
  const { mode = 'AUTO', allowedFunctionNames } = request.toolConfig?.functionCallingConfig ?? {}
  if (mode === 'NONE') return []
  const callable = declarations(request).filter(
    ({ name = '' }) => !allowedFunctionNames?.length || allowedFunctionNames.includes(name),
  )
  const wanted = wantedFunctions(callable, prompt)
  const forced = mode === 'ANY' && wanted.length === 0 ? callable.slice(0, 1) : wanted
  return forced.flatMap((declaration) => callsOf(declaration, prompt))
}

// Once results are there only a "then" calls for more: the next function it has not called yet.
function wantedFunctions(callable: FunctionDeclaration[], prompt: Prompt): FunctionDeclaration[] {
  const mentioned = callable.filter(({ name = '' }) => mentions(prompt.text, name))
  const stepwise = /\bthen\b|\bafterwards\b|\bafter that\b/i.test(prompt.text)
  if (prompt.results.length > 0 && !stepwise) return []
  if (!stepwise) return mentioned
  const placeOf = ({ name = '' }: FunctionDeclaration) => place(prompt.text, name)
  const inOrder = mentioned.toSorted((a, b) => placeOf(a) - placeOf(b))
  return inOrder.filter(({ name = '' }) => !prompt.called.includes(name)).slice(0, 1)
}

const verbs = new Set('get set fetch find do run make use call look lookup the and for'.split(' '))

function mentions(text: string, name: string): boolean {
  return place(text, name) < Infinity
}

/** Where a text first comes to speak of a function. */
function place(text: string, name: string): number {
  const places = [name, ...tellingWords(name)].map((word) => wordAt(text, word))
  return Math.min(...places.filter((at) => at >= 0))
}

// get_weather -> weather, bookTaxi -> book, taxi
function tellingWords(name: string): string[] {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return words.filter((word) => word.length > 2 && !verbs.has(word))
}

function wordAt(text: string, word: string): number {
  return text.search(new RegExp(`(?<!\\w)${RegExp.escape(word)}s?(?!\\w)`, 'i'))
}

// "the weather in Paris and Rome" asks get_weather twice.
function callsOf(declaration: FunctionDeclaration, prompt: Prompt): FunctionCall[] {
  const schema = parametersOf(declaration)
  const names = enumeratedNames(prompt.text)
  const strings = Object.values(schema?.properties ?? {}).filter(isPlainString)
  const subjects = strings.length === 1 && names.length > 1 ? names : [undefined]
  return subjects.map((subject) => ({
    name: declaration.name,
    args: args(schema, prompt.text, subject),
  }))
}

function args(
  schema: Schema | undefined,
  text: string,
  subject: string | undefined,
): Record<string, unknown> {
  if (!schema) return {}
  const hints = hintsFrom(text, subject === undefined ? properNames(text) : [subject])
  const value = sample(schema, hints, 'as-mentioned')
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function parametersOf(declaration: FunctionDeclaration): Schema | undefined {
  return declaration.parameters ?? asSchema(declaration.parametersJsonSchema)
}

function isPlainString({ type, enum: values }: Schema): boolean {
  return String(type).toLowerCase() === 'string' && !values
}

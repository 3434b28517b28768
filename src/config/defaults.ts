import { ApiError } from '../errors.ts'
import { type Defaults, withDefaults } from '../translate/chat/defaults.ts'
import { chatRequest, toGemini } from '../translate/chat/request.ts'
import type { Provider } from '../translate/gemini.ts'
import type { Mistake } from './mistakes.ts'
import { meaningless } from './schema.ts'

/** Whom the defaults are for. */
export interface Recipient {
  /** The bare id of the model. */
  model: string
  /** Absent for models that speak OpenAI's words themselves, and know words that we do not. */
  provider?: Provider
}

export interface Verdict {
  mistakes: Mistake[]
  warnings: Mistake[]
}

/** What every request says itself. */
const ofTheClient = new Set(['model', 'messages', 'stream'])

/** What is wrong with defaults; paths begin at them. They are tried out in a request to each recipient. */
export function judgeDefaults(defaults: Defaults, recipients: readonly Recipient[]): Verdict {
  const known = Object.keys(chatRequest.shape).filter((name) => !ofTheClient.has(name))
  const strict = recipients.every(({ provider }) => provider !== undefined)
  const misplaced = Object.keys(defaults).flatMap((name): Mistake[] => {
    if (ofTheClient.has(name)) {
      return [{ path: [name], message: 'Is said by every request. Leave it out.' }]
    }
    const unknown = strict && !known.includes(name)
    return unknown ? [{ path: [name], message: meaningless(name, known) }] : []
  })
  const wrong = new Set(misplaced.map(({ path }) => path[0]))
  const others = Object.entries(defaults).filter(([name]) => !wrong.has(name))
  const tried = recipients.map((recipient) => tryOut(Object.fromEntries(others), recipient))
  return {
    mistakes: [...misplaced, ...unique(tried.flatMap(({ mistakes }) => mistakes))],
    warnings: unique(tried.flatMap(({ warnings }) => warnings)),
  }
}

function tryOut(defaults: Defaults, { model, provider }: Recipient): Verdict {
  if (provider === undefined) return { mistakes: [], warnings: [] }
  const said = { model, messages: [{ role: 'user', content: 'Hello!' }] }
  try {
    const { ignored } = toGemini(withDefaults(said, defaults), {
      provider,
      model,
      thoughts: 'reasoning_content',
      remembered: new Map(),
    })
    const message = `Means nothing to ${model}, and is left out.`
    return { mistakes: [], warnings: ignored.map((param) => ({ path: toSteps(param), message })) }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const { message, param } = error
    return { mistakes: [{ path: toSteps(param ?? ''), message }], warnings: [] }
  }
}

/** `tools[0].type` -> `['tools', 0, 'type']`. */
function toSteps(param: string): (string | number)[] {
  return (param.match(/[^.[\]]+/g) ?? []).map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}

function unique(mistakes: Mistake[]): Mistake[] {
  return [...new Map(mistakes.map((one) => [JSON.stringify(one), one])).values()]
}

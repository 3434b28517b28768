import type { Call } from '../call.ts'
import { invalidArgument } from '../errors.ts'

/** The combinations of modalities a model answers in; nothing asked is always fine, except for speech. */
const combinations = {
  text: [['TEXT']],
  images: [['TEXT'], ['IMAGE'], ['TEXT', 'IMAGE']],
  speech: [['AUDIO']],
}

/** Refuses modalities the model does not make. */
export function checkModalities({ request, model }: Call): void {
  const { responseModalities: asked = [] } = request.generationConfig ?? {}
  if (model.makes === 'embeddings') return
  const possible = combinations[model.makes ?? 'text']
  const wanted = [...new Set(asked)]
  const silent = wanted.length === 0 && model.makes !== 'speech'
  if (silent || possible.some((one) => isSame(one, wanted))) return
  const shown = wanted.length > 0 ? wanted.join(', ') : 'TEXT'
  const listed = possible.map((one) => `* ${one.join(', ')}\n`).join('')
  throw invalidArgument(
    `The requested combination of response modalities (${shown}) is not supported by the model. models/${model.id} accepts the following combination of response modalities:\n${listed}`,
  )
}

function isSame(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name))
}

import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Backend } from '../../../src/emulator/models.ts'
import { recordings } from '../shared.ts'

/** One recorded interaction, read loosely. */
export interface Recording {
  path: string
  kind: string
  backend: Backend
  op: string
  model: string
  status: number
  request?: { method: string; url: string; body: unknown }
  /** The events of its answer; one where nothing was streamed. */
  events: Record<string, unknown>[]
}

/** For the `skip` option of tests that need recordings. */
export const unlessRecorded = existsSync(recordings) ? false : 'needs ../shared or POLLUX_SHARED'

/** Every recording of native Gemini. */
export const recorded: () => Recording[] = once(() => {
  const index = resolve(dirname(recordings), 'INDEX.jsonl')
  if (!existsSync(index)) return []
  const lines = readFileSync(index, 'utf8').split('\n').filter(Boolean)
  return lines
    .map((line): Record<string, string> => JSON.parse(line))
    .filter(({ group }) => group === 'gemini')
    .map(read)
})

// A thousand files are read once for all tests.
function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function read({
  path = '',
  kind = '',
  api = '',
  op = '',
  model,
}: Record<string, string>): Recording {
  const file = readFileSync(resolve(dirname(recordings), path), 'utf8')
  const { request, response } = JSON.parse(file)
  return {
    path,
    kind,
    backend: api === 'vertex' ? 'vertex' : 'gemini-api',
    op,
    model: model ?? '',
    status: response.status,
    ...(request && { request }),
    events: response.sse === undefined ? whole(response.body) : frames(response.sse),
  }
}

function frames(sse: string): Record<string, unknown>[] {
  return sse.split(/\r?\n\r?\n/).flatMap((frame) => parsed(frame.replace(/^data: ?/, '')))
}

function whole(body: unknown): Record<string, unknown>[] {
  return typeof body === 'string' ? parsed(body) : objects(body)
}

// Some recordings are of answers that are no JSON.
function parsed(text: string): Record<string, unknown>[] {
  try {
    return objects(JSON.parse(text))
  } catch {
    return []
  }
}

function objects(value: unknown): Record<string, unknown>[] {
  return [value]
    .flat()
    .filter((one) => typeof one === 'object' && one !== null)
    .map((one) => ({ ...one }))
}

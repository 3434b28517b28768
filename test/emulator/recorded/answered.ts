import { exchange } from '../../../src/emulator/exchange.ts'
import { FaultMemory } from '../../../src/emulator/faults/memory.ts'
import { ScriptMemory } from '../../../src/emulator/script/memory.ts'
import type { Recording } from './recording.ts'

/** The events the emulator answers a recorded request with; undefined where it refuses. */
export function answered(recording: Recording): Record<string, unknown>[] | undefined {
  const { op, request } = recording
  if (!request?.body) return undefined
  const { reply } = asked(recording, request.body)
  if (reply.status !== 200) return undefined
  const streams = op.startsWith('stream')
  return reply.frames.map((frame) => JSON.parse(streams ? frame.replace(/^data: /, '') : frame))
}

/** What the emulator sends back to a body, without a network. */
export function asked(
  { backend, model, op }: Pick<Recording, 'backend' | 'model' | 'op'>,
  body: unknown,
  headers: Record<string, string> = credentials,
) {
  const path = `${paths[backend]}${model}:${op}${op.startsWith('stream') ? '?alt=sse' : ''}`
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const url = new URL(path, 'http://emulator')
  const house = { script: [], played: new ScriptMemory(), memory: new FaultMemory() }
  return exchange({ method: 'POST', url, headers, text }, house)
}

const credentials = { 'x-goog-api-key': 'key', authorization: 'Bearer token' }

const paths = {
  'gemini-api': '/v1beta/models/',
  vertex: '/v1beta1/projects/p/locations/global/publishers/google/models/',
}

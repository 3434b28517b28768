// A handful of recorded streams, one of each sort that a careless reader breaks.

import { readRecording, recordedGemini } from '../support/shared.ts'
import type { Recording } from '../support/shared.ts'

export interface Sample {
  what: string
  recording: Recording & { response: { sse: string } }
}

let found: Sample[] | undefined

/** The shortest recorded stream of each sort; hundreds are read to find them, so they are found once. */
export function samples(): Sample[] {
  found ??= find()
  return found
}

function find(): Sample[] {
  const streams = recordedGemini()
    .filter(({ op, status }) => op === 'streamGenerateContent' && status === 200)
    .filter(({ kind }) => /^(text|thinking|function-calls)-stream$/.test(kind))
    .map(({ path, kind }) => ({ kind, recording: readRecording(path) }))
    .filter(isStream)
    .toSorted((a, b) => a.recording.response.sse.length - b.recording.response.sse.length)
  const sorts: [string, (stream: (typeof streams)[number]) => boolean][] = [
    ['a call', ({ kind }) => kind === 'function-calls-stream'],
    ['arguments in pieces', ({ recording }) => recording.response.sse.includes('"partialArgs"')],
    ['thoughts', ({ recording }) => /"thought": ?true/.test(recording.response.sse)],
    ['letters beyond ASCII', ({ recording }) => /[^\p{ASCII}]/u.test(recording.response.sse)],
    ['text', ({ kind }) => kind === 'text-stream'],
  ]
  return sorts.flatMap(([what, fits]) => {
    const shortest = streams.find(fits)
    return shortest ? [{ what, recording: shortest.recording }] : []
  })
}

function isStream(one: { kind: string; recording: Recording }): one is {
  kind: string
  recording: Sample['recording']
} {
  return one.recording.response.sse !== undefined
}

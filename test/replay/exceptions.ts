// Recordings that no gateway can receive as they are, and what is done about each.

import { isRecord } from '../support/shared.ts'
import type { Recording } from '../support/shared.ts'

/** By the end of the path: the recording as Google would have sent it to us. */
const mended: Record<string, (recording: Recording) => Recording> = {
  // The recorder asked for `$alt=json;enum-encoding=int`; we never do.
  'Arize-ai-openinference--vertex/thinking/test-gemini-token-counts.json': withNamedEnums,
  'Arize-ai-openinference--vertex/thinking-stream/test-gemini-token-counts-streaming.json':
    withNamedEnums,
}

export function mend(path: string, recording: Recording): Recording {
  const repair = Object.entries(mended).find(([end]) => path.endsWith(end))?.[1]
  return repair ? repair(recording) : recording
}

const numbered: Record<string, string[]> = {
  finishReason: ['FINISH_REASON_UNSPECIFIED', 'STOP', 'MAX_TOKENS'],
  trafficType: ['TRAFFIC_TYPE_UNSPECIFIED', 'ON_DEMAND', 'PROVISIONED_THROUGHPUT'],
  modality: ['MODALITY_UNSPECIFIED', 'TEXT', 'IMAGE'],
}

function withNamedEnums(recording: Recording): Recording {
  const { response } = recording
  return { ...recording, response: { ...response, body: named(response.body) } }
}

function named(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(named)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === 'number' ? (numbered[key]?.[inner] ?? inner) : named(inner),
    ]),
  )
}

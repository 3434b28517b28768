import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { answerStreamed, answerWhole } from './answers.ts'
import type { Call } from './call.ts'
import { refusalError } from './errors.ts'
import { faultyBody, faultyEvents } from './faults/events.ts'
import type { Fault } from './faults/fault.ts'
import type { Framing } from './framing.ts'
import { eventReply, type Reply } from './reply.ts'
import type { Answer } from './response.ts'
import type { Envelope } from './says/envelope.ts'
import type { Prompt } from './says/prompt.ts'
import { scriptedSayings } from './script/saying.ts'
import type { ScriptEntry } from './script/script.ts'

/** A request to generate, read, and the entry of the script that answers it. */
export interface Asked {
  request: Call['request']
  prompt: Prompt
  entry: ScriptEntry | undefined
}

/** The answer to a request that is right, with what goes wrong in it. */
export function generated(
  call: Call,
  asked: Asked,
  { headers, framing, fault }: { headers: IncomingHttpHeaders; framing: Framing; fault: Fault },
): Reply {
  const { events, pause } = answerTo(call, asked, newEnvelope(headers), framing)
  const broken =
    framing === 'whole'
      ? events.map((event) => faultyBody(event, fault))
      : faultyEvents(events, fault)
  return eventReply(broken, framing, pause, tierHeader(call))
}

function answerTo(
  call: Call,
  { prompt, entry }: Asked,
  envelope: Envelope,
  framing: Framing,
): Answer {
  const scripted = entry?.answer
  if (scripted?.error) throw refusalError(scripted.error)
  if (scripted?.events) {
    const events = framing === 'whole' ? scripted.events.slice(0, 1) : scripted.events
    return { events, pause: prompt.magic.slow }
  }
  const answer = framing === 'whole' ? answerWhole : answerStreamed
  return answer(call, prompt, envelope, scripted && scriptedSayings(scripted, call, prompt))
}

// The Developer API tells the tier in a header, Vertex AI in usageMetadata.trafficType.
function tierHeader({ request, backend }: Call): Record<string, string> {
  const { serviceTier = 'standard' } = request
  return backend === 'gemini-api' ? { 'x-gemini-service-tier': serviceTier } : {}
}

const tiers: Record<string, string> = { flex: 'ON_DEMAND_FLEX', priority: 'ON_DEMAND_PRIORITY' }

function newEnvelope(headers: IncomingHttpHeaders): Envelope {
  const dedicated = headers['x-vertex-ai-llm-request-type'] === 'dedicated'
  const tier = tiers[String(headers['x-vertex-ai-llm-shared-request-type'])] ?? 'ON_DEMAND'
  return {
    responseId: randomBytes(17).toString('base64url'),
    createTime: new Date().toISOString(),
    trafficType: dedicated ? 'PROVISIONED_THROUGHPUT' : tier,
    callId: () => randomBytes(6).toString('base64url').toLowerCase().replace(/[-_]/g, '0'),
  }
}

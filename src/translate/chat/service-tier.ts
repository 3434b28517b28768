import { z } from 'zod'
import type { Provider } from '../gemini.ts'
import { lookUp } from '../json.ts'
import { optional } from '../parse.ts'

/** How urgent the request is, and what it may cost. */
export const serviceTier = {
  service_tier: optional(z.string()),
}

/**
 * The Developer API reads a field, Vertex AI headers. `auto`, `default` and what Google has not are
 * its standard. Source: Vertex AI "priority-paygo", "flex-paygo"; Gemini API "priority inference".
 */
export function toServiceTier(
  tier: string | undefined,
  provider: Provider,
): { field: string | undefined; headers: Record<string, string> } {
  if (tier !== 'flex' && tier !== 'priority') return { field: undefined, headers: {} }
  if (provider === 'gemini') return { field: tier, headers: {} }
  return {
    field: undefined,
    headers: {
      'x-vertex-ai-llm-request-type': 'shared',
      'x-vertex-ai-llm-shared-request-type': tier,
      // Flex may queue for long; without this Google gives up after its usual time.
      ...(tier === 'flex' && { 'x-server-timeout': '1800' }),
    },
  }
}

const names: Record<string, string> = {
  ON_DEMAND: 'default',
  ON_DEMAND_PRIORITY: 'priority',
  ON_DEMAND_FLEX: 'flex',
  standard: 'default',
  priority: 'priority',
  flex: 'flex',
}

/** Vertex AI's `trafficType` or the Developer API's tier header, in OpenAI's words. */
export function toServiceTierName(native: string | undefined): string | undefined {
  return native === undefined ? undefined : lookUp(names, native)
}

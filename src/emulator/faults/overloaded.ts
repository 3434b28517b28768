import { type ErrorDetail, GoogleError, standardError } from '../errors.ts'
import type { Backend } from '../models.ts'
import type { Fault } from './fault.ts'

/** Whom a request was for. */
export interface Addressee {
  backend: Backend
  model: string
}

/** The error of a status in the words of a backend, with the time to wait if there is one. */
export function overloaded(status: number, { retryInfo }: Fault, to: Addressee): GoogleError {
  const { message } = standardError(status)
  const wait = retryInfo === undefined ? undefined : [retryIn(retryInfo)]
  if (status !== 429) return new GoogleError(status, message, wait)
  // Vertex AI has no quota to name: what is short is shared by all.
  if (!wait || to.backend === 'vertex') return new GoogleError(429, exhausted, wait)
  const said = `${quota} \n* Quota exceeded for metric: ${metric}, limit: 10, model: ${to.model}\nPlease retry in ${retryInfo}s.`
  return new GoogleError(429, said, [help, quotaFailure(to.model), ...wait])
}

const exhausted =
  'Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.'

const quota =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/rate-limit.'

const metric = 'generativelanguage.googleapis.com/generate_content_free_tier_requests'

const help: ErrorDetail = {
  '@type': 'type.googleapis.com/google.rpc.Help',
  links: [
    {
      description: 'Learn more about Gemini API quotas',
      url: 'https://ai.google.dev/gemini-api/docs/rate-limits',
    },
  ],
}

function quotaFailure(model: string): ErrorDetail {
  const quotaId = 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier'
  const quotaDimensions = { location: 'global', model }
  return {
    '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
    violations: [{ quotaMetric: metric, quotaId, quotaDimensions, quotaValue: '10' }],
  }
}

function retryIn(seconds: number): ErrorDetail {
  return { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` }
}

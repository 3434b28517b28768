import type { VertexEndpoint } from '../config.ts'
import { isObject } from '../translate/json.ts'
import { endpointResource } from '../upstream/google.ts'
import { type Finding, good, mend, mind } from './finding.ts'
import { ask, explain } from './network.ts'

/** Looks the resource of an endpoint on Vertex AI up, which costs nothing: it may be gone, or be asleep. */
export async function checkVertexEndpoint(
  name: string,
  at: VertexEndpoint,
  headers: Record<string, string>,
  baseUrl: string | undefined,
): Promise<Finding> {
  const about = `endpoint ${name}`
  const { project, location, endpoint } = at
  const url = endpointResource(at, undefined, baseUrl)
  const heard = await ask(url, { headers })
  if ('failure' in heard)
    return mend(about, ...explain(heard.failure, heard.detail, new URL(url).host))
  switch (heard.status) {
    case 200:
      return toFinding(about, at, heard.body)
    case 401:
      return mend(
        about,
        'Vertex AI does not take the credential.',
        'Log in again where it is your own login.',
      )
    case 403:
      return mind(
        about,
        `The credential may not look at it in project ${project} (HTTP 403), so it was not looked at.`,
        `gcloud projects add-iam-policy-binding ${project} --member serviceAccount:<its e-mail> --role roles/aiplatform.user. A role of your own may do with aiplatform.endpoints.predict.`,
      )
    case 404:
      return mend(
        about,
        `There is no endpoint ${endpoint} in project ${project} and location ${location}.`,
        `gcloud ai endpoints list --project ${project} --region ${location} shows those that are there.`,
      )
    default:
      return mind(
        about,
        `It was not looked at: Vertex AI answered HTTP ${heard.status}.`,
        'Try again in a minute. status.cloud.google.com tells of outages.',
      )
  }
}

/** Source: cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.endpoints. */
function toFinding(about: string, { host }: VertexEndpoint, body: unknown): Finding {
  if (!isObject(body)) return good(about, 'It is there.')
  const { deployedModels, dedicatedEndpointEnabled, dedicatedEndpointDns } = body
  // An empty list is left out.
  if (!Array.isArray(deployedModels) || deployedModels.length === 0) {
    return mend(about, 'It is there, and has no model.', 'Deploy one to it.')
  }
  if (dedicatedEndpointEnabled === true && host === undefined) {
    const dns = typeof dedicatedEndpointDns === 'string' ? `: ${dedicatedEndpointDns}` : '.'
    return mend(
      about,
      'It takes calls at its dedicated DNS name alone.',
      `Set its host to it${dns}`,
    )
  }
  return good(about, 'It is there, with a model.')
}

import { isObject } from '../translate/json.ts'
import type { Gate } from '../upstream/google.ts'
import { type Finding, good, mend, mind } from './finding.ts'
import { ask, explain, type Heard } from './network.ts'

/** How far a clock may be off before signatures and logs suffer, in seconds. */
const mostSkewSeconds = 60

/** Which of Google's APIs, as whom, and for which model. */
export interface Asked {
  gate: Gate
  place: number
  /** `Vertex AI in europe-west4`, or `the Developer API with key 2`. */
  name: string
  model: string
  headers: Record<string, string>
  project: string | undefined
}

/**
 * Counts the tokens of a word, which costs nothing and needs what an answer needs: the API, the role and
 * the model. Tells of the clock besides.
 */
export async function checkGoogle(asked: Asked, now: () => number = Date.now): Promise<Finding[]> {
  const url = asked.gate.url(asked.model, 'countTokens', asked.place)
  const contents = [{ role: 'user', parts: [{ text: 'Ahoy' }] }]
  const heard = await ask(url, {
    method: 'POST',
    headers: { ...asked.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ contents }),
  })
  return [toFinding(heard, asked, new URL(url).host), ...checkClock(heard, now())]
}

function toFinding(heard: Heard, asked: Asked, host: string): Finding {
  const { name, model } = asked
  if ('failure' in heard) return mend('network', ...explain(heard.failure, heard.detail, host))
  if (heard.status === 200) return good('model', `${name} serves ${model}.`)
  const { message, reasons } = readError(heard.body)
  const known = mistakes.find(
    ({ status, words }) =>
      (status === undefined || status.includes(heard.status)) &&
      words.test([message, ...reasons].join(' ')),
  )
  if (known === undefined) {
    const todo = 'The sentence is Google’s: what it says is what to mend.'
    return mend(
      'model',
      `${name} refuses ${model} with HTTP ${heard.status}: ${message.slice(0, 300)}`,
      todo,
    )
  }
  const verdict = known.mild === true ? mind : mend
  return verdict(known.about, known.says(asked), known.todo(asked))
}

interface Mistake {
  about: string
  /** HTTP statuses that it comes with. */
  status?: number[]
  words: RegExp
  says: (asked: Asked) => string
  todo: (asked: Asked) => string
  /** It passes. */
  mild?: boolean
}

/** What Google says when something is wrong, most telling first. Source: cloud.google.com/apis/design/errors and recorded refusals. */
const mistakes: Mistake[] = [
  {
    about: 'API key',
    words: /API_KEY_INVALID|API key not valid|API key expired/,
    says: ({ name }) => `${name}: Google does not know this key, or it has expired.`,
    todo: () => 'Make a new one at aistudio.google.com/apikey, and look for spaces around it.',
  },
  {
    about: 'API key',
    words: /API_KEY_(SERVICE|HTTP_REFERRER|IP_ADDRESS|ANDROID_APP|IOS_APP)_BLOCKED|are blocked/,
    says: ({ name }) => `${name}: the key is restricted to other APIs, addresses or pages.`,
    todo: () =>
      'Allow the Generative Language API and this machine’s address in the restrictions of the key.',
  },
  {
    about: 'API key',
    words: /reported as leaked/i,
    says: ({ name }) => `${name}: Google has blocked the key, because it was found in public.`,
    todo: () => 'Make a new one, and find out where this one was published.',
  },
  {
    about: 'region',
    words: /location is not supported/i,
    says: ({ name }) => `${name} is not offered to the country this machine is in.`,
    todo: () => 'Use Vertex AI in a region that is, by GOOGLE_CLOUD_PROJECT.',
  },
  {
    about: 'API',
    words: /SERVICE_DISABLED|has not been used in project|it is disabled/i,
    says: ({ project }) => `The API is not enabled in project ${project ?? 'of the key'}.`,
    todo: ({ gate, project }) =>
      `gcloud services enable ${gate.provider === 'vertex' ? 'aiplatform' : 'generativelanguage'}.googleapis.com${project === undefined ? '' : ` --project ${project}`}, and wait a minute.`,
  },
  {
    about: 'billing',
    words: /BILLING_DISABLED|billing (to be enabled|is disabled|account)/i,
    says: ({ project }) => `Project ${project ?? 'of the key'} has no billing account.`,
    todo: ({ project }) =>
      `Link one: console.cloud.google.com/billing/linkedaccount?project=${project ?? ''}.`,
  },
  {
    about: 'project',
    words:
      /CONSUMER_INVALID|USER_PROJECT_DENIED|project .{0,80}(not found|does not exist|has been deleted)|Invalid resource.{0,40}project/i,
    says: ({ project }) => `Project ${project} does not exist, or this credential may not use it.`,
    todo: () =>
      'GOOGLE_CLOUD_PROJECT takes the id of a project (my-project-123), not its name or number. gcloud projects list shows them.',
  },
  {
    about: 'perimeter',
    words: /SECURITY_POLICY_VIOLATED|VPC Service Controls/i,
    says: () => 'A perimeter of VPC Service Controls forbids the call.',
    todo: () =>
      'Let this service into the perimeter, or set GOOGLE_VERTEX_BASE_URL to its private endpoint.',
  },
  {
    about: 'role',
    status: [403],
    words:
      /IAM_PERMISSION_DENIED|Permission .{0,80}denied|aiplatform\.endpoints\.predict|PERMISSION_DENIED/i,
    says: ({ project }) =>
      `The credential lacks the permission aiplatform.endpoints.predict in project ${project}.`,
    todo: ({ project }) =>
      `gcloud projects add-iam-policy-binding ${project} --member serviceAccount:<its e-mail> --role roles/aiplatform.user`,
  },
  {
    about: 'credential',
    status: [401],
    words: /(?:)/,
    says: ({ name }) => `${name} does not take the credential.`,
    todo: ({ gate }) =>
      gate.provider === 'vertex'
        ? 'It takes access tokens alone: an API key is no credential for it. Log in again where it is your own login.'
        : 'Check the key.',
  },
  {
    about: 'location',
    words:
      /(unsupported|invalid|unknown) (region|location)|location .{0,80}(is not (found|supported|valid)|unsupported)|does not support (the )?location/i,
    says: ({ name }) => `${name} is no location of Vertex AI.`,
    todo: () => 'Set GOOGLE_CLOUD_LOCATION to global, or to a region such as europe-west4.',
  },
  {
    about: 'model',
    status: [404],
    words: /(?:)/,
    says: ({ name, model }) =>
      `${name} has no model ${model}, or does not let this project use it.`,
    todo: ({ gate }) =>
      gate.provider === 'vertex'
        ? 'Check its name; many models are in the location global alone (GOOGLE_CLOUD_LOCATION=global).'
        : 'Check its name: GET /v1beta/models lists those that the key may use.',
  },
  {
    about: 'quota',
    status: [429],
    words: /(?:)/,
    says: ({ name }) => `${name} has had enough for the moment (429).`,
    todo: () =>
      'It works, but the quota is small: ask for more, or name other locations in POLLUX_FAILOVER_LOCATIONS.',
    mild: true,
  },
  {
    about: 'model',
    status: [500, 502, 503, 504],
    words: /(?:)/,
    says: ({ name }) => `${name} is out of order or overloaded at the moment.`,
    todo: () => 'Try again in a minute. status.cloud.google.com tells of outages.',
    mild: true,
  },
]

function readError(body: unknown): { message: string; reasons: string[] } {
  const first: unknown = Array.isArray(body) ? body[0] : body
  const error = isObject(first) ? first.error : undefined
  if (!isObject(error)) return { message: typeof body === 'string' ? body : '', reasons: [] }
  const details = Array.isArray(error.details) ? error.details.filter(isObject) : []
  return {
    message: typeof error.message === 'string' ? error.message : '',
    reasons: [error.status, ...details.map(({ reason }) => reason)].filter(
      (word) => typeof word === 'string',
    ),
  }
}

/** Google's answers say what time it is there. */
function checkClock(heard: Heard, now: number): Finding[] {
  const theirs = 'date' in heard && heard.date !== undefined ? Date.parse(heard.date) : Number.NaN
  if (Number.isNaN(theirs)) return []
  const off = Math.round((now - theirs) / 1000)
  if (Math.abs(off) <= mostSkewSeconds) return [good('clock', 'The clock is right.')]
  const says = `The clock is ${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} Google’s.`
  return [mend('clock', says, 'Set it by NTP: Google refuses what is signed at another time.')]
}

import { z } from 'zod'
import { hostname, httpUrl, placeName } from '../environment.ts'
import { nearest } from './nearest.ts'

/** An object with these members and no other. Each that means nothing has a line in the message. */
function object<T extends z.core.$ZodShape>(shape: T) {
  const known = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => meaningless(key, known)).join('\n')
        : undefined,
  })
}

/** What to say of a name that is none of these. */
export function meaningless(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  const hint = meant === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean '${meant}'?`
  return `Means nothing here. ${hint}`
}

/** A number, also as the text that a variable gives. */
function number(least: number, whole: boolean, expected: string) {
  const bare = (whole ? z.int(expected) : z.number(expected)).min(least, expected)
  const written = z
    .string()
    .regex(/^\d+(?:\.\d+)?$/)
    .transform(Number)
    .pipe(bare)
  return z.union([bare, written], expected)
}

const limit = () => number(1, true, 'Expected a whole number of 1 or more.')
const dollars = () => number(0, false, 'Expected US dollars per million tokens, 0 or more.')
const text = (expected: string) => z.string(expected).trim().min(1, expected)
const modelName = text('Expected the name of a model.').max(200, 'Expected a shorter name.')

const price = object({
  input: dollars().describe('Of what is asked.'),
  cached_input: dollars()
    .optional()
    .describe('Of what the model had in its cache; `input` by default.'),
  output: dollars().describe('Of what is answered, thoughts included.'),
}).describe('US dollars per million tokens.')

const targets = z
  .array(modelName, 'Expected a list of models.')
  .min(1, 'Expected at least one model.')
  .max(16, 'Expected 16 models at the most.')
  .describe(
    'Who is asked, in turn: the next where one fails in passing or does not have the model, never once a byte has gone out. Each is a model or an endpoint as a client would name it, or another name from here; its own name means the real model. In a target of a pattern, `*` is what it stood for.',
  )

const model = z.union(
  [
    modelName.describe('Whom to ask: the same as a list of one target.'),
    targets,
    object({
      targets,
      defaults: z
        .record(z.string(), z.unknown(), 'Expected parameters of a chat completion.')
        .optional()
        .describe(
          'Parameters of a chat completion, where the client says nothing; `null` is nothing. Members of `extra_body` stand beside the others, and `extra_body.google` is merged with the client’s.',
        ),
      price: price
        .optional()
        .describe('US dollars per million tokens; wins over the prices of the targets.'),
    }),
  ],
  'Expected the name of a model, a list of them, or { targets, defaults, price }.',
)

const key = object({
  name: z
    .string('Expected a name.')
    .regex(
      /^[\w][\w.@:-]{0,63}$/,
      'Expected a name of letters, digits and any of . _ - @ :, 64 at the most.',
    )
    .refine((name) => !/^key-\d+$/.test(name), 'Names such as key-1 are those of POLLUX_API_KEYS.')
    .describe('For logs, metrics and limits.'),
  sha256: z
    .string('Expected a SHA-256 in hex.')
    .regex(
      /^[0-9a-fA-F]{64}$/,
      'Expected a SHA-256: 64 hexadecimal digits. `keys create` prints it.',
    )
    .optional()
    .describe('SHA-256 of the key in hex, as `keys create` prints it.'),
  key: z
    .string('Expected a key, in quotes where it is a number.')
    .regex(/^[\x21-\x7e]{1,8192}$/, 'Expected a key: visible ASCII characters without spaces.')
    .optional()
    .describe(
      'Instead of `sha256`: the key itself, from `${CI_KEY}` or `${file:/run/secrets/ci}`.',
    ),
  models: z
    .array(modelName, 'Expected a list of models or patterns.')
    .min(1, 'Expected at least one model. Leave it out for all.')
    .optional()
    .describe(
      'Models it may ask for, by the names that clients use; `*` stands for anything. All by default.',
    ),
  requests_per_minute: limit().optional().describe('Requests a minute; not limited by default.'),
  tokens_per_minute: limit()
    .optional()
    .describe('Tokens a minute, asked and answered; not limited by default.'),
  parallel_requests: limit()
    .optional()
    .describe('Requests at the same time; not limited by default.'),
  expires: z
    .union(
      [z.iso.date(), z.iso.datetime({ offset: true })],
      'Expected a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z.',
    )
    .optional()
    .describe(
      'Until when it is valid: to the end of a date (UTC), or up to a time. For ever by default.',
    ),
})

const endpoint = z.union(
  [
    object({
      endpoint: z
        .string('Expected the id of an endpoint, in quotes.')
        .regex(/^[\w-]{1,63}$/, 'Expected the id of an endpoint.')
        .describe('Id of an endpoint on Vertex AI.'),
      project: placeName.optional().describe('Its project; `GOOGLE_CLOUD_PROJECT` by default.'),
      location: placeName.optional().describe('Its location; `GOOGLE_CLOUD_LOCATION` by default.'),
      host: hostname.optional().describe('Its dedicated DNS name, where it has one.'),
      model: z.string().optional().describe('What it calls its model; nothing is said by default.'),
    }),
    object({
      url: httpUrl.describe('Base URL of a server that speaks OpenAI’s words, with its `/v1`.'),
      api_key: text('Expected a key.')
        .optional()
        .describe('Sent to it as `Authorization: Bearer`.'),
      model: z.string().optional().describe('What it calls its model; the name here by default.'),
    }),
  ],
  'Expected { endpoint: "<id>", … } for Vertex AI, or { url: <base URL>, … } for another server.',
)

/** What the file that POLLUX_CONFIG names may hold. */
export const configFile = object({
  models: z
    .record(modelName, model, 'Expected names and the models they stand for.')
    .default({})
    .describe(
      'Names of your own for models, or patterns of them (`*` stands for anything). The exact name wins, then the pattern with the most characters beside its `*`, then the first.',
    ),
  endpoints: z
    .record(modelName, endpoint, 'Expected names and where they are.')
    .default({})
    .describe('Models that speak OpenAI’s words themselves, by the names that clients use.'),
  keys: z
    .array(key, 'Expected a list of keys.')
    .default([])
    .describe('Keys that clients may use, beside those of POLLUX_API_KEYS.'),
  prices: z
    .record(modelName, price, 'Expected models and their prices.')
    .default({})
    .describe(
      'What models cost, by their names at Google or those of endpoints, or patterns of them.',
    ),
}).describe('Configuration of Pollux, an OpenAI-compatible gateway to Gemini.')

export type Sections = z.output<typeof configFile>

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { assert as law, json, property, string } from 'fast-check'
import { type Owner, toApiError, toStreamError } from '../../src/translate/status.ts'
import { openaiError } from '../support/openai-contract.ts'
import { shared } from '../support/shared.ts'

/** What Google refused with, and what the client must get for it. */
interface Case {
  /** Whose credential Google saw. */
  owner: Owner
  refusal: { status: number; body: unknown; retryAfter?: string }
  status: number
  /** Exact but for Google's own details; without `message` any sentence will do. */
  error: { message?: string; type: string; param: string | null; code: string | null }
  headers: Record<string, string>
}

const folder = join(import.meta.dirname, '..', 'cases', 'errors')

describe('a refusal of Google', () => {
  for (const path of globSync(join(folder, '*.json')).toSorted()) {
    const { owner, refusal, status, error, headers }: Case = JSON.parse(readFileSync(path, 'utf8'))
    it(basename(path, '.json').replaceAll('-', ' '), () => {
      const body = typeof refusal.body === 'string' ? refusal.body : JSON.stringify(refusal.body)
      const told = toApiError({ ...refusal, body }, owner)
      const { google: _, ...got } = told.toJSON().error
      assert.notEqual(got.message.trim(), '')
      assert.deepEqual(got, { message: got.message, ...error })
      assert.equal(told.status, status)
      assert.deepEqual(told.headers, headers)
      assertKeepsContract(told)
    })
  }

  it('comes with what Google said of it', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5s' }]
    const { error } = refused(429, {
      code: 429,
      status: 'RESOURCE_EXHAUSTED',
      message: 'Slow.',
      details,
    })
    assert.deepEqual(error.google, { status: 'RESOURCE_EXHAUSTED', code: 429, details })
  })

  it('of the gateway’s own credential tells the client nothing of it', () => {
    const message = 'API key AIzaSyD-1234567890 not valid. Please pass a valid API key.'
    const told = refused(400, { code: 400, status: 'INVALID_ARGUMENT', message })
    assert.equal(told.error.google, undefined)
    assert.doesNotMatch(JSON.stringify(told), /AIza|API key/)
  })

  it('never repeats a key', () => {
    const message = 'Bad url https://x.googleapis.com/v1?key=AIzaSyD-12345&alt=sse with ya29.a0Af_x'
    const text = JSON.stringify(refused(400, { code: 400, status: 'INVALID_ARGUMENT', message }))
    assert.doesNotMatch(text, /AIzaSyD|a0Af_x/)
  })

  it('never tells the project’s number in its details', () => {
    const number = '481234567890'
    const details = [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'SERVICE_DISABLED',
        domain: 'googleapis.com',
        metadata: {
          service: 'aiplatform.googleapis.com',
          consumer: `projects/${number}`,
          project_number: number,
          containerInfo: number,
          activationUrl: `https://console.developers.google.com/apis/api/aiplatform.googleapis.com/overview?project=${number}`,
        },
      },
      {
        '@type': 'type.googleapis.com/google.rpc.LocalizedMessage',
        locale: 'en-US',
        message: `Vertex AI API has not been used in project ${number} before or it is disabled.`,
      },
      {
        '@type': 'type.googleapis.com/google.rpc.Help',
        links: [{ url: `https://console.developers.google.com/apis?project=${number}` }],
      },
      {
        '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
        violations: [
          { subject: `project:${number}`, description: 'Per minute.' },
          { subject: 'x', description: `For consumer 'project_number:${number}'.` },
        ],
      },
    ]
    const message = 'Vertex AI API is disabled.'
    const { google } = refused(403, {
      code: 403,
      status: 'PERMISSION_DENIED',
      message,
      details,
    }).error
    assert.equal(google?.status, 'PERMISSION_DENIED')
    assert.equal(google.details?.length, 4)
    assert.doesNotMatch(JSON.stringify(google), new RegExp(number))
  })

  it('keeps OpenAI’s form whatever the body is', () => {
    law(
      property(json(), string(), (body, text) => {
        for (const status of [400, 404, 429, 500, 502, 503]) {
          assertKeepsForm({ status, body })
          assertKeepsForm({ status, body: text })
          assertKeepsForm({ status, body: `{"error":${body}}` })
          assertKeepsForm({ status, body: `[{"error":${body}}]` })
        }
      }),
    )
  })
})

describe('an error inside a stream', () => {
  const overloaded = { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' }

  it('is the error of its code', () => {
    const told = toStreamError(JSON.stringify({ error: overloaded }), 'gateway')
    assert.deepEqual([told.status, told.code], [503, 'server_is_overloaded'])
    assert.equal(told.message, 'The model is overloaded.')
  })

  it('may stand in an array', () => {
    const told = toStreamError(JSON.stringify([{ error: overloaded }]), 'gateway')
    assert.deepEqual([told.status, told.code], [503, 'server_is_overloaded'])
  })

  it('is a bad gateway where it makes no sense', () => {
    assert.equal(toStreamError('{"error":7}', 'gateway').status, 502)
  })
})

function refused(status: number, error: object) {
  return toApiError({ status, body: JSON.stringify({ error }) }, 'gateway').toJSON()
}

function assertKeepsForm(refusal: { status: number; body: string }): void {
  const told = toApiError(refusal, 'gateway')
  assert.ok(told.status >= 400 && told.status < 600)
  const { message, type, param, code } = told.toJSON().error
  assert.equal(typeof message, 'string')
  assert.notEqual(message.trim(), '')
  assert.equal(typeof type, 'string')
  assert.ok(param === null || typeof param === 'string')
  assert.ok(code === null || typeof code === 'string')
}

function assertKeepsContract(told: { toJSON(): object }): void {
  if (shared !== undefined) assert.deepEqual(openaiError(JSON.parse(JSON.stringify(told))), [])
}

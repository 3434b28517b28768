import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Backend } from '../../src/emulator/models.ts'
import type { GenerateContentResponse } from '../../src/emulator/response.ts'

const root = resolve(import.meta.dirname, '../..', process.env['POLLUX_SHARED'] ?? '../shared')

/** Where the published contracts are, if they are here. */
export const contracts = resolve(root, 'contracts/strict')

/** Where recorded traffic is, if it is here. */
export const recordings = resolve(root, 'recordings/gemini')

/** Reads a contract; undefined where there is none. */
export function readContract(name: string): Record<string, unknown> | undefined {
  const file = resolve(contracts, `${name}.schema.json`)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/** The contracts of both backends, by file name. */
export const contractNames: Record<Backend, string> = {
  'gemini-api': 'gemini-api.v1beta',
  vertex: 'vertex.v1beta1',
}

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })

const validators: Record<Backend, ValidateFunction | undefined> = {
  'gemini-api': responseValidator('gemini-api'),
  vertex: responseValidator('vertex'),
}

/** Fails on a response the contract does not know; passes where there is no contract. */
export function checkResponse(response: GenerateContentResponse, backend: Backend): void {
  const validate = validators[backend]
  // Real traffic has a tier that the published contract has not.
  const { serviceTier: _, ...usageMetadata } = response.usageMetadata
  if (validate && !validate({ ...response, usageMetadata })) {
    assert.fail(`${ajv.errorsText(validate.errors)} in ${JSON.stringify(response)}`)
  }
}

/** Fails on a value that does not satisfy a JSON Schema. */
export function checkValue(value: unknown, schema: object): void {
  const validate = ajv.compile(schema)
  if (!validate(value)) {
    assert.fail(`${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`)
  }
}

function responseValidator(backend: Backend): ValidateFunction | undefined {
  const schema = readContract(`${contractNames[backend]}.GenerateContentResponse`)
  return schema && ajv.compile(schema)
}

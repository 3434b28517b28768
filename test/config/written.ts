import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Config, ConfigError, loadConfig } from '../../src/config.ts'

/** An environment with which a gateway starts. */
export const gemini = { GEMINI_API_KEY: 'k' }

/** Where the files are; gone after the tests. */
export const folder = mkdtempSync(join(tmpdir(), 'pollux-config-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

/** The configuration that is written so. */
export async function load(yaml: string, env: Record<string, string> = gemini): Promise<Config> {
  files += 1
  const path = join(folder, `${files}.yaml`)
  writeFileSync(path, yaml)
  return loadConfig({ ...env, POLLUX_CONFIG: path })
}

/** The message of the refusal to start. */
export async function mistakesIn(
  yaml: string,
  env: Record<string, string> = gemini,
): Promise<string> {
  try {
    await load(yaml, env)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message
  }
  return assert.fail(`nothing was wrong with ${yaml}`)
}

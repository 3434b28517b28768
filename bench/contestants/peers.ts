import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { made } from '../build.ts'
import { scratch } from '../scratch.ts'
import { type Contestant, started } from './contestant.ts'

const folder = join(import.meta.dirname, '../peers')
const venv = join(made, 'litellm')

/** Other gateways from OpenAI's words to Gemini's, as their makers publish them, with no option that costs. */
export const peers: Contestant[] = [
  {
    name: 'portkey',
    about:
      '`@portkey-ai/gateway` 1.15.2: translates; no keys, no log; leaves thoughts out; ends its streams without `[DONE]`',
    translates: true,
    streamEnd: 'finish_reason":"',
    every: 3,
    marks: { thinking: 50 },
    missing: installFromNpm,
    start: async ({ upstream }) =>
      started('portkey', (port) => ({
        command: [
          process.execPath,
          join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
          '--headless',
          `--port=${port}`,
        ],
        env: { NODE_ENV: 'production' },
        headers: {
          'x-portkey-provider': 'google',
          'x-portkey-custom-host': `http://127.0.0.1:${upstream}`,
          authorization: 'Bearer bench',
        },
      })),
  },
  {
    name: 'llms',
    about:
      '`@musistudio/llms` 1.0.53, the server inside claude-code-router: translates; no keys, its log switched off; ends its streams without `[DONE]`',
    translates: true,
    streamEnd: 'finish_reason":"',
    every: 3,
    toModel: (model) => `google,${model}`,
    missing: installFromNpm,
    start: async ({ upstream }) =>
      started('llms', (port) => ({
        command: [process.execPath, join(folder, 'llms.mjs')],
        env: {
          NODE_ENV: 'production',
          PORT: String(port),
          UPSTREAM: `http://127.0.0.1:${upstream}`,
        },
      })),
  },
  {
    name: 'litellm',
    about:
      'LiteLLM’s proxy in one process (Python): translates; one key, its log at the default level',
    translates: true,
    streamEnd: '[DONE]',
    every: 3,
    missing: () =>
      existsSync(join(venv, 'bin/litellm'))
        ? undefined
        : 'LiteLLM is not installed; `node bench/run.ts --install-litellm` does it, about two minutes and 720 MB',
    start: async ({ upstream }) =>
      started('litellm', (port) => ({
        command: [
          join(venv, 'bin/litellm'),
          `--config=${writeLitellmConfig(upstream)}`,
          '--host=127.0.0.1',
          `--port=${port}`,
          '--num_workers=1',
        ],
        env: {
          // Nothing is asked outside this machine.
          LITELLM_LOCAL_MODEL_COST_MAP: 'True',
          LITELLM_MASTER_KEY: litellmKey,
        },
        headers: { authorization: `Bearer ${litellmKey}` },
      })),
  },
]

// It refuses shorter ones.
const litellmKey = `sk-bench-${'5f0c9d1e7a3b4c6d'.repeat(3)}`

function installFromNpm(): string | undefined {
  if (existsSync(join(folder, 'node_modules/.package-lock.json'))) return undefined
  const command = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', command, { cwd: folder, stdio: 'inherit' })
  return status === 0 ? undefined : 'npm ci in bench/peers failed'
}

/** LiteLLM, with all it needs at the versions in `peers/litellm.txt`. Throws where that fails. */
export function installLitellm(): void {
  const pinned = `--requirement=${join(folder, 'litellm.txt')}`
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', venv]],
    [join(venv, 'bin/pip'), ['install', '--quiet', '--no-deps', '--only-binary=:all:', pinned]],
  ]
  for (const [program, command] of steps) {
    const { status } = spawnSync(program, command, { stdio: 'inherit' })
    if (status !== 0) throw new Error(`${program} ${command.join(' ')} failed.`)
  }
}

function writeLitellmConfig(upstream: number): string {
  const file = join(scratch(), `litellm-${upstream}.yaml`)
  writeFileSync(
    file,
    `model_list:
  - model_name: "*"
    litellm_params:
      model: "gemini/*"
      api_key: bench
      api_base: http://127.0.0.1:${upstream}
litellm_settings:
  num_retries: 0
  telemetry: false
`,
  )
  return file
}

import { parseArgs } from 'node:util'
import { ConfigError, loadConfig } from '../config.ts'
import { examine } from '../doctor/examine.ts'
import { type Finding, mend } from '../doctor/finding.ts'
import { thisMachine } from '../doctor/surroundings.ts'
import type { Command, Given, Outcome } from './command.ts'

const usage = 'Usage: doctor [--model <name>] [--json]'

/** The model that is asked for where none is named: every project may use it. */
const usualModel = 'gemini-2.5-flash'

/** Looks at credentials, project, location, role, model, clock, port and all else that is configured. */
export const doctor: Command = {
  about: 'looks at credentials, project, location, role, model, clock and port; --model, --json',
  async run({ words, env }) {
    const options = readOptions(words)
    if (options === undefined) return { text: usage, exitCode: 2 }
    const findings = await look(env, options.model)
    return toOutcome(findings, options.json)
  },
}

function readOptions(words: readonly string[]): { model: string; json: boolean } | undefined {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        model: { type: 'string', default: usualModel },
        json: { type: 'boolean', default: false },
      },
    })
    return values
  } catch {
    return undefined
  }
}

async function look(env: Given['env'], model: string): Promise<Finding[]> {
  try {
    return await examine(await loadConfig(env), env, thisMachine(), model)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.mistakes.map((one) => mend('configuration', one, 'Mend it first.'))
  }
}

function toOutcome(findings: Finding[], json: boolean): Outcome {
  const ill = findings.filter(({ verdict }) => verdict === 'mend')
  const exitCode = ill.length > 0 ? 1 : 0
  if (json) {
    return { text: JSON.stringify({ ok: exitCode === 0, findings }, undefined, 2), exitCode }
  }
  const order = ['good', 'mind', 'mend']
  const lines = findings
    .toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
    .map(toLine)
  const sum = ill.length > 0 ? `${ill.length} to mend.` : 'It would work.'
  return { text: [...lines, sum].join('\n'), exitCode }
}

const marks = { good: '✔', mind: '⚠', mend: '✖' }

function toLine({ about, verdict, says, todo }: Finding): string {
  const line = `${marks[verdict]} ${about}: ${says}`
  return todo === undefined ? line : `${line}\n    → ${todo}`
}

import { randomBytes } from 'node:crypto'
import { configFile } from '../config/schema.ts'
import { digestOf } from '../key.ts'
import type { Command } from './command.ts'

const usage = 'Usage: keys create <name>'

/** Makes keys for clients. */
export const keys: Command = {
  about: 'create <name>: makes a key for a client, and the lines for the file of POLLUX_CONFIG',
  async run({ words: [verb, name, ...others] }) {
    if (verb !== 'create' || name === undefined || others.length > 0) {
      return { text: usage, exitCode: 2 }
    }
    const key = createKey()
    const sha256 = digestOf(key)
    const { error } = configFile.safeParse({ keys: [{ name, sha256 }] })
    if (error !== undefined) {
      return { text: error.issues[0]?.message ?? usage, exitCode: 2 }
    }
    const lines = [
      'The key, shown this once:',
      '',
      `  ${key}`,
      '',
      'Clients send it as `Authorization: Bearer <key>`: it is the API key of OpenAI’s SDKs.',
      '',
      'For the file of POLLUX_CONFIG:',
      '',
      'keys:',
      `  - name: ${JSON.stringify(name)}`,
      `    sha256: ${JSON.stringify(sha256)}`,
    ]
    return { text: lines.join('\n'), exitCode: 0 }
  },
}

/** 256 bits by chance, in letters that need no quotes anywhere. */
function createKey(): string {
  return `sk-pollux-${randomBytes(32).toString('base64url')}`
}

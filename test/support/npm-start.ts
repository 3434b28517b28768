import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
const [, ...words] = String(manifest.scripts.start).split(' ')

/** The options that `npm start` gives to Node. */
export const nodeOptions = words.slice(0, -1)

/** The file that it starts. */
export const entry = words.at(-1) ?? ''

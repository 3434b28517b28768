import { readFile } from 'node:fs/promises'
import { parseScript, ScriptError } from './parse.ts'
import type { Script } from './script.ts'

/** Reads a script from a file of JSON or, if its name says so, of YAML. */
export async function readScript(file: string): Promise<Script> {
  const text = await readFile(file, 'utf8')
  return parseScript(
    /\.ya?ml$/i.test(file) ? await fromYaml(text, file) : fromJson(text, file),
    file,
  )
}

function fromJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ScriptError(`${file} is not JSON: ${String(cause)}`, { cause })
  }
}

// Loaded for those who write YAML, and only then.
const parser = 'yaml'

async function fromYaml(text: string, file: string): Promise<unknown> {
  const yaml = await loaded(file)
  try {
    return yaml.parse(text)
  } catch (cause) {
    throw new ScriptError(`${file} is not YAML: ${String(cause)}`, { cause })
  }
}

async function loaded(file: string): Promise<{ parse(text: string): unknown }> {
  try {
    return await import(parser)
  } catch (cause) {
    throw new ScriptError(`${file} is YAML, which needs the package yaml: npm install yaml`, {
      cause,
    })
  }
}

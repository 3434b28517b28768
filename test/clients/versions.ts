import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from './clients.ts'
import { packagesOf } from './install.ts'

/** The versions that are pinned for a client: `ai 7.0.2, @ai-sdk/openai 4.0.1`. */
export function versionsOf(client: Client): string {
  return client.packages.map((name) => `${name} ${versionOf(client, name)}`).join(', ')
}

function versionOf({ program, requirements }: Client, name: string): string {
  const tree = packagesOf(program)
  const version =
    (requirements === undefined ? undefined : inRequirements(read(requirements), name)) ??
    (tree === undefined ? undefined : inPackage(tree, name)) ??
    (program.startsWith('go/') ? inModule(read(`${program}/go.mod`), name) : undefined)
  if (version === undefined) throw new Error(`${name} has no version for ${program}.`)
  return version
}

function read(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8')
}

function inRequirements(text: string, name: string): string | undefined {
  const pins = text.matchAll(/^([\w.-]+)(?:\[[^\]]*\])?==(\S+)/gm)
  return pins.find(([, pinned]) => pinned === name)?.[2]
}

function inPackage(tree: string, name: string): string | undefined {
  const { dependencies } = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8'))
  return dependencies?.[name]
}

function inModule(text: string, name: string): string | undefined {
  const [, version] = new RegExp(`${RegExp.escape(name)} v(\\S+)`).exec(text) ?? []
  return version
}

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { describe, it } from 'node:test'
import { type Client, clients } from './clients.ts'
import { readDocs, readSeen, withTables } from './docs.ts'
import { failures } from './judge.ts'
import { environmentFor } from './perform.ts'
import { shownOf, snippetOf } from './snippets.ts'
import { versionsOf } from './versions.ts'

const docs = readDocs()
const [introduction = '', ...sections] = docs.split(/^## /m)

describe('docs/clients.md', () => {
  it('has a section for every client, in their order, and no other', () => {
    const titles = sections.map((section) => section.split('\n')[0])
    assert.deepEqual(
      titles,
      clients.map(({ name }) => name),
    )
  })

  it('has the tables of what was seen last', () => {
    assert.equal(withTables(docs, readSeen()), docs)
  })

  for (const client of clients) {
    it(`has seen ${client.name} as it is pinned`, () => {
      assert.equal(readSeen()[client.id]?.versions, versionsOf(client))
    })

    it(`knows why, where ${client.name} fails`, () => {
      assert.deepEqual(failures(readSeen()[client.id]?.verdicts ?? {}), [])
    })

    it(`shows of ${client.name} only what a run executes`, () => {
      const section = sectionOf(client)
      const run = filesOf(client).map((file) => plain(readFileSync(file, 'utf8')))
      for (const snippet of snippetsIn(section)) {
        if (installing.test(snippet)) continue
        assert.ok(
          run.some((text) => text.includes(plain(snippet))),
          snippet,
        )
      }
    })
  }

  for (const client of clients) {
    const snippet = snippetOf(client)
    if (snippet === undefined) continue
    it(`shows of ${client.name} a whole program, and what to install for it`, () => {
      const [install = '', program] = snippetsIn(sectionOf(client))
      assert.equal(program, readFileSync(shownOf(snippet), 'utf8'))
      const [, names = ''] = installing.exec(install) ?? []
      for (const name of client.packages) assert.ok(names.includes(name), install)
      for (const name of importsOf(program)) assert.ok(names.includes(name), `${name}: ${install}`)
    })
  }

  for (const client of clients.filter(({ group }) => group === 'program')) {
    it(`gives ${client.name} only options that a run gives it`, () => {
      const program = readFileSync(join(import.meta.dirname, client.program), 'utf8')
      const commands = sectionOf(client).matchAll(/`((?:[A-Z_]+=\S+ )?[a-z]+ [^`\n]*--[^`\n]*)`/g)
      for (const [, command = ''] of commands) {
        for (const [option] of command.matchAll(/--[\w-]+/g)) {
          assert.ok(program.includes(`'${option}'`), `${option} of ${command}`)
        }
      }
    })
  }

  it('says of the environment what the runner sets', () => {
    const set = Object.entries(environmentFor('http://127.0.0.1:8080'))
    const lines = set.map(([name, value]) => `export ${name}=${value}\n`)
    assert.deepEqual(snippetsIn(introduction), [lines.join('')])
  })
})

/** Nobody runs it here as it is shown: what is installed for the tests is pinned. */
const installing = /^(?:npm install|pip install|go get) (.+)\n$/

function sectionOf({ name }: Client): string {
  return sections.find((section) => section.startsWith(`${name}\n`)) ?? ''
}

/** The packages that a program in TypeScript asks for by name. */
function importsOf(program: string): string[] {
  const named = program.matchAll(/ from '((?:@[\w-]+\/)?[\w-]+)/g)
  return [...named].map(([, name = '']) => name)
}

function snippetsIn(text: string): string[] {
  return [...text.matchAll(/^ *```\w*\n([^]*?)^ *```$/gm)].map(([, snippet = '']) => snippet)
}

/** Without what stands before and after the words of a line: a snippet may be a part of a function. */
function plain(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
}

/** A client's program, and the files that it names, and those that they name. */
function filesOf(client: Client): string[] {
  const { program, requirements } = client
  const start = join(import.meta.dirname, program)
  const folder = extname(program) === '' ? start : dirname(start)
  const beside = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.includes('node_modules'))
    .map((file) => join(folder, file))
    .filter((file) => /\.\w+$/.test(file))
  const files = new Set(extname(program) === '' ? beside : [start])
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    for (const other of beside) if (isNamed(other, text)) files.add(other)
  }
  const snippet = snippetOf(client)
  if (snippet !== undefined) files.add(shownOf(snippet))
  const pins = requirements === undefined ? [] : [join(import.meta.dirname, requirements)]
  return [...files, ...pins].filter((file) => existsSync(file))
}

/** By its whole name, or as Python imports it. */
function isNamed(file: string, text: string): boolean {
  const module = basename(file, '.py')
  return (
    text.includes(basename(file)) ||
    (file.endsWith('.py') && new RegExp(`^(?:from|import) ${module}\\b`, 'm').test(text))
  )
}

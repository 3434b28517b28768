import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file that is part of the project. */
export interface TrackedFile {
  path: string
  text: string
}

/** Every text file that git keeps in this folder. */
export function readTracked(root: string): TrackedFile[] {
  return execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'))
}

/** Where a pattern is, as `path:line what`. */
export function findIn(files: TrackedFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => {
      const [found] = pattern.exec(line) ?? []
      return found === undefined ? [] : [`${path}:${at + 1} ${found.slice(0, 40)}`]
    }),
  )
}

/** TypeScript without its comments, line by line as before: they begin a line, or follow a blank. */
export function withoutComments({ path, text }: TrackedFile): TrackedFile {
  const comments = /(?<=^|\s)(?:\/\*[^]*?\*\/|\/\/ [^\n]*)/g
  return { path, text: text.replaceAll(comments, (comment) => comment.replaceAll(/[^\n]/g, '')) }
}

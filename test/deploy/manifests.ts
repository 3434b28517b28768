import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const root = join(import.meta.dirname, '..', '..')

/** A file of the repository. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Files of the repository that a pattern matches. */
export function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: root }).toSorted()
}

/** The documents of a YAML file as somebody uses it; throws where it is not YAML, or has a key twice. */
export function documents(path: string): unknown[] {
  const filled = read(path).replaceAll('PROJECT_ID', 'my-project').replaceAll('REGION', 'here')
  return parseAllDocuments(filled).map((document) => {
    const [error] = [...document.errors, ...document.warnings]
    if (error !== undefined) throw new Error(`${path}: ${error.message}`)
    return document.toJS()
  })
}

/** The one document of a YAML file, in a shape. Throws with all that is wrong, unknown keys included. */
export function readAs<T extends z.ZodType>(shape: T, path: string): z.output<T> {
  const [document, ...others] = documents(path)
  if (others.length > 0) throw new Error(`${path} has several documents.`)
  return parseAs(shape, document, path)
}

/** A value in a shape. */
export function parseAs<T extends z.ZodType>(shape: T, value: unknown, where: string): z.output<T> {
  const result = shape.safeParse(value)
  if (!result.success) throw new Error(`${where}:\n${z.prettifyError(result.error)}`)
  return result.data
}

/** Every string under a key of this name, however deep. */
export function stringsUnder(value: unknown, key: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key && typeof inner === 'string' ? [inner] : stringsUnder(inner, key),
  )
}

/** Mebibytes of `512Mi`. */
export function mebibytes(quantity: string): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? []
  if (number === undefined) throw new Error(`${quantity} is no quantity of memory.`)
  return Number(number) * (unit === 'Gi' ? 1024 : 1)
}

const probeTimes = {
  periodSeconds: z.int().min(1),
  timeoutSeconds: z.int().min(1).default(1),
  failureThreshold: z.int().min(1).default(3),
}

/** A probe over HTTP, on the container's own port or on one by name. */
export const httpProbe = z.strictObject({
  httpGet: z.strictObject({ path: z.string(), port: z.string().optional() }),
  ...probeTimes,
})

/** One by TCP. */
export const tcpProbe = z.strictObject({
  tcpSocket: z.strictObject({ port: z.string() }),
  ...probeTimes,
})

export const volumeMounts = z.array(
  z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
)

import type { FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    servedPaths: ServedPaths
  }
  interface FastifyRequest {
    /** The path that a request without a route has come to by the wrong method. */
    meant: ServedPath | undefined
  }
}

/** A path that is served, for one method. */
export interface ServedPath {
  /** As its route has it, e.g. `/v1/models/*`. */
  pattern: string
  allowed: 'GET' | 'POST'
}

/**
 * The paths that are served, for requests that come to them by another method. (Routes that refuse all other
 * methods would say the same, and take more than 10 ms of the start.)
 */
export class ServedPaths {
  readonly #paths: (ServedPath & { expression: RegExp })[] = []

  add(path: ServedPath): void {
    this.#paths.push({ ...path, expression: toExpression(path.pattern) })
  }

  /** Undefined where the path is none, or the method unheard of. */
  find({ url, method }: FastifyRequest): ServedPath | undefined {
    if (!known.has(method)) return undefined
    const path = toPath(url)
    return this.#paths.find(({ expression }) => expression.test(path))
  }
}

const known = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

/** Parameters and a last `*`, in the words of routes. */
function toExpression(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace('*', '.*').replace(/:\w+/g, '[^/]*')}/?$`)
}

/** As the router reads it: without host, query and fragment, and decoded. */
function toPath(url: string): string {
  const [path = ''] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

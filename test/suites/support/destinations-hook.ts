import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import { Socket } from 'node:net'

/**
 * Loaded into the gateway by `--import`: each address that it connects to, and each name that it asks
 * for, is a line in the file `DESTINATIONS`.
 */
function note(destination: string): void {
  appendFileSync(process.env.DESTINATIONS ?? '', `${destination}\n`)
}

const connect: (...args: unknown[]) => unknown = Object.getOwnPropertyDescriptor(
  Socket.prototype,
  'connect',
)?.value
Object.assign(Socket.prototype, {
  connect(this: Socket, ...args: unknown[]): unknown {
    // Node's own callers bring their arguments in a list.
    const [first, second] = Array.isArray(args[0]) ? args[0] : args
    note(
      typeof first === 'object'
        ? `${first.host ?? 'localhost'}:${first.port ?? first.path}`
        : `${second}:${first}`,
    )
    return Reflect.apply(connect, this, args)
  },
})

for (const resolver of [dns, dns.promises]) {
  const patched = Object.entries(resolver).flatMap(([name, original]) => {
    if (typeof original !== 'function' || !/^(lookup|resolve|reverse)/.test(name)) return []
    const noted = (host: unknown, ...rest: unknown[]): unknown => {
      note(`name ${String(host)}`)
      return Reflect.apply(original, resolver, [host, ...rest])
    }
    return [[name, noted]]
  })
  Object.assign(resolver, Object.fromEntries(patched))
}

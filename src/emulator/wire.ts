import type { ServerResponse } from 'node:http'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './faults/fault.ts'
import { type How, steps } from './faults/steps.ts'
import { longest } from './faults/words.ts'
import type { LoggedRequest } from './log.ts'
import type { Reply } from './reply.ts'

/** Sends an answer with all that goes wrong on its way, until it is over or nobody listens. */
export async function send(
  response: ServerResponse,
  reply: Reply,
  fault: Fault,
  logged: LoggedRequest,
): Promise<void> {
  const left = new AbortController()
  response.once('close', () => left.abort())
  if (response.destroyed) left.abort()
  try {
    if (fault.delay !== undefined) await sleep(fault.delay, undefined, { signal: left.signal })
    logged.answered(reply.status, fault)
    logged.end(await sent(response, reply, fault, logged, left.signal))
  } catch (error) {
    logged.end('cancelled')
    // The client has hung up; there is nobody to tell.
    if (!left.signal.aborted) throw error
  }
}

async function sent(
  response: ServerResponse,
  reply: Reply,
  fault: Fault,
  logged: LoggedRequest,
  left: AbortSignal,
): Promise<'finished' | 'reset' | 'closed'> {
  if (fault.closeBeforeHeaders) return closed(response)
  if (fault.resetBeforeHeaders) return reset(response)
  response.writeHead(reply.status, headersOf(reply, fault))
  // A stalled answer has headers at least.
  if (fault.stall ?? fault.reset) response.flushHeaders()
  for (const step of steps(reply, fault)) {
    switch (step.kind) {
      case 'wait':
        await sleep(step.ms, undefined, { signal: left })
        break
      case 'write':
        await written(response, step.bytes, left)
        logged.sent(step.bytes.length)
        break
      case 'event':
        logged.sentEvent()
        break
      case 'end':
        return ended(response, step.how, left)
    }
  }
  return 'finished'
}

function headersOf({ headers }: Reply, fault: Fault): Record<string, string> {
  return {
    ...headers,
    ...(fault.wrongType && { 'content-type': 'text/html; charset=UTF-8' }),
    ...(fault.gzip && { 'content-encoding': 'gzip' }),
  }
}

/** Waits until the bytes have left for the network, so that each write is one of its own. */
function written(response: ServerResponse, bytes: Buffer, left: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new Error('The client has left.'))
    if (left.aborted) return leave()
    left.addEventListener('abort', leave, { once: true })
    response.write(bytes, (error) => {
      left.removeEventListener('abort', leave)
      if (error) reject(error)
      else resolve()
    })
  })
}

async function ended(
  response: ServerResponse,
  how: How,
  left: AbortSignal,
): Promise<'finished' | 'reset' | 'closed'> {
  switch (how) {
    case 'fin':
      await new Promise<void>((resolve, reject) => {
        left.addEventListener('abort', () => reject(new Error('The client has left.')), {
          once: true,
        })
        response.end(resolve)
      })
      return 'finished'
    case 'reset':
      // What was written has to be on its way before the reset overtakes it.
      await setImmediate()
      return reset(response)
    case 'stall':
      await sleep(longest, undefined, { signal: left })
      return closed(response)
  }
}

function closed(response: ServerResponse): 'closed' {
  response.socket?.destroy()
  return 'closed'
}

function reset(response: ServerResponse): 'reset' {
  response.socket?.resetAndDestroy()
  return 'reset'
}

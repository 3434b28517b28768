import { type Asked, toAsked } from '../../src/emulator/by-hand/asked.ts'
import { Stage } from '../../src/emulator/by-hand/stage.ts'
import { listen, readText } from '../../src/emulator/listen.ts'
import { RequestLog } from '../../src/emulator/log.ts'

/** A request to a peer, and the means to answer it. */
export type PeerAsked = Omit<Asked, 'reply' | 'refuse' | 'usual' | 'events' | 'framing'>

/** Somebody on the loopback who speaks HTTP, knows nothing of Gemini, and answers by hand. */
export interface HttpPeer {
  url: string
  /** Every request so far, in order. */
  readonly requests: PeerAsked[]
  /** The first request that was not taken yet; throws where none comes within 5 s. */
  next(): Promise<PeerAsked>
  /** Answers those that wait and those that come, until it is told otherwise; nothing: by `next`. */
  answer(how?: (asked: PeerAsked) => unknown): void
  close(): Promise<void>
}

export async function startHttpPeer(): Promise<HttpPeer> {
  const stage = new Stage()
  const log = new RequestLog()
  const listener = await listen((request, response) => {
    const { method = '', url = '', headers } = request
    const logged = log.begin(method, url, headers)
    void readText(request).then(
      (text = '') => {
        const asking = { method, url, headers, text, framing: 'sse' as const, usual }
        return stage.enter(toAsked(asking, response, logged).asked)
      },
      () => undefined, // Who leaves in the middle of a request gets no answer.
    )
  }, {})
  return {
    ...listener,
    requests: stage.requests,
    next: () => stage.next(5_000),
    answer: (how) => stage.answer(how),
  }
}

function usual(): Promise<never> {
  return Promise.reject(new Error('A peer has no answer of its own.'))
}

import { Canaries } from './canaries.ts'

/** An answer that a client got, as far as it can give something away. */
export interface Answer {
  /** What was asked, for whoever has to find it again. */
  what: string
  status: number
  /** Names and values, a line each. */
  headers: string
  body: string
  /** The name of the words that were this client's own. */
  words: string | undefined
}

/** A request to be sent. */
export interface Ask {
  what: string
  path?: string
  method?: string
  headers?: Record<string, string>
  /** Made of the client's own word. */
  body: (word: string) => unknown
  /** What may come back of it: by default the word itself. */
  also?: (word: string) => string[]
  /** Hang up after so many milliseconds. */
  leaveAfterMs?: number
}

/** Sends requests, each with a word that is its own, and keeps all that came back. */
export class Witness {
  /** Whose secrets nobody may ever see. */
  readonly secrets = new Canaries()
  /** What was said by and to each client. */
  readonly words = new Canaries()
  readonly answers: Answer[] = []
  // Each request's word has a name of its own.
  #count = 0

  async ask(url: string, ask: Ask): Promise<Answer> {
    this.#count += 1
    const words = `the words of request ${this.#count} (${ask.what})`
    const word = this.words.make(words, 'w')
    for (const more of ask.also?.(word) ?? []) this.words.add(words, more)
    const { what, path = '/v1/chat/completions', method = 'POST', headers = {} } = ask
    const body = ask.body(word)
    const response = await fetch(url + path.replaceAll('WORD', word), {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(ask.leaveAfterMs ?? 20_000),
    }).catch((error: unknown) => toLeft(error, ask))
    const answer: Answer = {
      what,
      status: response?.status ?? 499,
      headers: [...(response?.headers ?? [])].map((pair) => pair.join(': ')).join('\n'),
      body: (await response?.text().catch((error: unknown) => toLeft(error, ask))) ?? '',
      words,
    }
    this.answers.push(answer)
    return answer
  }
}

/** Who meant to leave has no answer; any other failure is one of the suite. */
function toLeft(error: unknown, { what, leaveAfterMs }: Ask): undefined {
  if (leaveAfterMs !== undefined) return undefined
  throw new Error(`There was no answer to ${what}.`, { cause: error })
}

/** A body in two: what tells of a failure, and what answers. */
export function partsOf({ status, body }: Answer): { failure: string; content: string } {
  if (status >= 400) return { failure: body, content: '' }
  const [failures, rest] = [true, false].map((wanted) =>
    body.split('\n').filter((line) => line.startsWith('data: {"error"') === wanted),
  )
  return { failure: failures?.join('\n') ?? '', content: rest?.join('\n') ?? '' }
}

import { type Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** What came of one request. */
export interface Came {
  status: number
  /** Milliseconds to the end of the answer. */
  ms: number
  headers: Record<string, unknown>
}

export interface Offer {
  /** The gateway's. */
  url: string
  body: object
  agent: Agent
  headers?: Record<string, string>
}

/** Sends one request and reads its answer; a connection that breaks is the status 0. */
export function sendOne({ url, body, agent, headers }: Offer): Promise<Came> {
  const started = performance.now()
  const json = JSON.stringify(body)
  return new Promise((resolve) => {
    const end = (status: number, headers: Record<string, unknown> = {}) =>
      resolve({ status, ms: performance.now() - started, headers })
    const asked = request(
      `${url}/v1/chat/completions`,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(json),
          ...headers,
        },
      },
      (response) => {
        response.resume()
        response.once('end', () => end(response.statusCode ?? 0, response.headers))
        response.once('error', () => end(0))
      },
    )
    asked.once('error', () => end(0))
    asked.end(json)
  })
}

/** So many requests a second, whether or not the earlier ones have been answered. */
export async function offerSteadily(offer: Offer, rate: number, seconds: number): Promise<Came[]> {
  const answers: Promise<Came>[] = []
  const started = performance.now()
  while (performance.now() - started < seconds * 1000) {
    const due = Math.floor(((performance.now() - started) / 1000) * rate)
    while (answers.length < due) answers.push(sendOne(offer))
    await sleep(5)
  }
  return Promise.all(answers)
}

/** So many clients, each of which asks again as soon as it has its answer. */
export async function offerClosely(
  offer: Offer,
  clients: number,
  seconds: number,
): Promise<Came[]> {
  const end = performance.now() + seconds * 1000
  const each = async () => {
    const came: Came[] = []
    while (performance.now() < end) came.push(await sendOne(offer))
    return came
  }
  return (await Promise.all(Array.from({ length: clients }, each))).flat()
}

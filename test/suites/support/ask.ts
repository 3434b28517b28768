import { once } from 'node:events'
import { type Agent, request } from 'node:http'
import { readAnswer, type Seen } from './answer.ts'

/** Asks for a chat completion over a pool of connections. Throws where nothing comes at all. */
export async function ask(
  agent: Agent,
  url: string,
  body: object,
  patienceMs = 20_000,
): Promise<Seen> {
  const json = JSON.stringify(body)
  const asked = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) },
    signal: AbortSignal.timeout(patienceMs),
  })
  const [response] = await once(asked.end(json), 'response')
  const pieces: Buffer[] = []
  response.on('data', (piece: Buffer) => pieces.push(piece))
  // What came before the connection broke is looked at, like what came before its end.
  response.on('error', () => undefined)
  // Not `once`, which throws where the answer is cut.
  await new Promise((resolve) => response.once('close', resolve))
  const fields = Object.entries<string | string[]>(response.headers)
  const seen = readAnswer({
    status: response.statusCode,
    headers: new Headers(fields.map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(pieces).toString(),
  })
  return response.complete ? seen : { ...seen, complaints: [...seen.complaints, 'it breaks off'] }
}

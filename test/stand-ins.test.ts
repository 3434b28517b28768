import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

/** Who may open a server in the tests, and what for. Gemini is played by the emulator alone. */
const servers: Record<string, string> = {
  'support/http-peer.ts': 'HTTP itself, tokens, and the front end of endpoints of one’s own',
  'support/vllm.ts': 'a container that speaks OpenAI’s words; TGI listens through it',
  'support/replay-upstream.ts': 'recorded answers of Gemini’s, byte for byte',
  'support/port.ts': 'ports that are taken, or were; nobody is answered',
  'suites/support/wire-upstream.ts': 'mutated answers, byte for byte',
  'suites/support/mirror.ts': 'a traitor that says back whatever it is told, credentials included',
  'suites/support/google-door.ts': 'TLS in front of the mirror, under the names of Google’s hosts',
  'suites/support/talkative-redis.ts': 'a Redis that repeats the password',
  'suites/support/draining-google.ts': 'a sink: bodies that cost are to cost the gateway alone',
  'suites/support/fronts.ts': 'a free port for nginx and HAProxy',
  'clients/programs/relay.ts': 'a wire that tells when an answer has begun',
  'http/chunks.test.ts': 'a bare answer, to look at its frames',
  'http/stalled.test.ts': 'our own server, as it is made',
  'http/watchers.test.ts': 'our own server, as it is made',
  'bench/generator.test.ts': 'answers that a judge of answers is to refuse',
  'suites/urls.suite.ts': 'a trap, where nobody may come',
  'suites/support/unreachable.ts': 'ports that take no connection, or whom nobody trusts',
}

/** Those that may use Gemini's words: what they say is no answer of Gemini's, or one of its own, byte for byte. */
const speakers = [
  'support/replay-upstream.ts',
  'suites/support/wire-upstream.ts',
  'suites/support/mirror.ts',
  'suites/support/draining-google.ts',
]

const opensServer =
  /\bcreate(Secure)?Server\b|\bnew (Http\w*|Net|Tls)?Server\b|\/emulator\/listen\.ts'|\bserveWith\b|\bfastify\(/i
const usesPeer = /\/http-peer\.ts'/
const speaksGemini =
  /\b(candidates|finishReason|promptFeedback|usageMetadata|modelVersion|functionCall)\b|\bsaid\b.*gemini\.ts'/

/** What is wrong with a file of the tests, if anything is. */
function offence(path: string, text: string): string | undefined {
  const opens = opensServer.test(text)
  if (opens && !(path in servers)) return `${path} opens a server: let the emulator play it`
  const serves = opens || usesPeer.test(text)
  if (!serves || speakers.includes(path)) return undefined
  const word = speaksGemini.exec(text)?.[0]
  return (
    word && `${path} has a server that may say Gemini’s words (${word}): let the emulator say it`
  )
}

describe('Gemini, in the tests,', () => {
  const own = 'stand-ins.test.ts'
  const files = globSync('**/*.ts', { cwd: import.meta.dirname, exclude: ['**/node_modules/**'] })
    .filter((path) => !path.startsWith('emulator/') && path !== own)
    .map((path) => [path, readFileSync(`${import.meta.dirname}/${path}`, 'utf8')] as const)

  it('is played by the emulator alone', () => {
    assert.deepEqual(
      files.flatMap(([path, text]) => offence(path, text) ?? []),
      [],
    )
  })

  it('leaves no reason to a server that is no more', () => {
    const opening = files.filter(([, text]) => opensServer.test(text)).map(([path]) => path)
    assert.deepEqual(opening.toSorted(), Object.keys(servers).toSorted())
  })

  for (const [path, text] of [
    ['http/x.test.ts', "import { createServer } from 'node:http'"],
    ['support/x.ts', "import { listen } from '../../src/emulator/listen.ts'"],
    ['support/x.ts', 'const server = new Server()'],
    ['suites/x.suite.ts', 'const app = fastify()\napp.listen({ port: 0 })'],
    [
      'upstream/x.test.ts',
      "import { startHttpPeer } from '../support/http-peer.ts'\n({ candidates: [] })",
    ],
    [
      'support/vllm.ts',
      "import { listen } from '../../src/emulator/listen.ts'\n({ finishReason: 'STOP' })",
    ],
  ] as const) {
    it(`would not be played by ${path}: ${text.slice(0, 60)}`, () => {
      assert.notEqual(offence(path, text), undefined)
    })
  }

  for (const [path, text] of [
    [
      'http/x.test.ts',
      "import { startByHand } from '../../src/emulator/by-hand.ts'\n({ candidates: [] })",
    ],
    ['upstream/x.test.ts', "import { startHttpPeer } from '../support/http-peer.ts'\npeer.next()"],
    [
      'support/replay-upstream.ts',
      "import { listen } from '../../src/emulator/listen.ts'\n'candidates'",
    ],
  ] as const) {
    it(`leaves alone ${path}: ${text.slice(0, 60)}`, () => {
      assert.equal(offence(path, text), undefined)
    })
  }
})

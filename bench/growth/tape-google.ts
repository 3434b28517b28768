import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { event } from '../../test/suites/support/work.ts'

/**
 * A model's server that looks at nothing and plays what is in a file, where the prompt names one as
 * `tape: <path>`; else it says two words. Runs in a process of its own.
 */
const short = event({ text: 'That’s it.' }, {}, true)

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  let length = 0
  request.on('data', (piece: Buffer) => {
    length += piece.length
    // A prompt that names a tape is no longer than this.
    if (length < 10_000) pieces.push(piece)
  })
  request.on('end', () => {
    const tape = /tape: ([\w/.-]+)/.exec(Buffer.concat(pieces).toString())?.[1]
    const streamed = request.url?.includes(':stream') === true
    response.setHeader('content-type', streamed ? 'text/event-stream' : 'application/json')
    if (tape !== undefined) createReadStream(tape).pipe(response)
    else response.end(streamed ? `data: ${short}\r\n\r\n` : short)
  })
})
server.listen(0, '127.0.0.1', () => {
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo
  process.stdout.write(`http://127.0.0.1:${port}\n`)
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { beginPieces } from '../../src/http/chunks.ts'
import { connectRaw } from '../support/raw-client.ts'

const texts = ['one', 'zwei — 二 🍋', 'x'.repeat(300)]
const server = createServer((_asked, answer) => {
  const pieces = beginPieces(answer, 202, { 'content-type': 'text/plain' })
  for (const text of texts) pieces.write(text, Buffer.byteLength(text))
  pieces.end('end')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
after(() => server.close())

describe('an answer in pieces', () => {
  it('is framed in HTTP/1.1 piece by piece, and the next answer follows on the connection', async () => {
    const client = await connectRaw(url)
    client.send(
      'GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
    )
    const [first = '', second = '', ...more] = (await client.closed()).split(/(?=HTTP\/1\.1 202)/)
    const framed = `3\r\none\r\n11\r\nzwei — 二 🍋\r\n12c\r\n${texts[2]}\r\n3\r\nend\r\n0\r\n\r\n`
    for (const answer of [first, second]) {
      const [head = '', ...body] = answer.split('\r\n\r\n')
      assert.match(head, /^transfer-encoding: chunked$/im)
      assert.equal(body.join('\r\n\r\n'), framed)
    }
    assert.deepEqual(more, [])
  })

  it('has no frames in HTTP/1.0, and ends with the connection', async () => {
    const client = await connectRaw(url)
    client.send('GET / HTTP/1.0\r\n\r\n')
    const [head = '', body] = (await client.closed()).split('\r\n\r\n')
    assert.doesNotMatch(head, /transfer-encoding/i)
    assert.equal(body, `${texts.join('')}end`)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type MetricsServer, serveMetrics } from '../../src/telemetry/metrics-server.ts'
import { takePort } from '../support/port.ts'

const here = { host: '127.0.0.1', port: 0 }

const nothing = async () => ''

async function withServer(
  write: () => Promise<string>,
  use: (server: MetricsServer) => Promise<void>,
): Promise<void> {
  const server = await serveMetrics(here, 'text/plain; version=0.0.4', write)
  try {
    await use(server)
  } finally {
    await server.close()
  }
}

describe('the port of the metrics', () => {
  it('has them at /metrics', async () => {
    await withServer(
      async () => 'tide 1\n',
      async ({ url }) => {
        const response = await fetch(`${url}?all`)
        assert.equal(await response.text(), 'tide 1\n')
        assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4')
        const head = await fetch(url, { method: 'HEAD' })
        assert.deepEqual([head.status, await head.text()], [200, ''])
      },
    )
  })

  it('has nothing else', async () => {
    await withServer(
      async () => 'tide 1\n',
      async ({ url }) => {
        for (const path of ['/', '/health', '/metrics/x', '/v1/models']) {
          const response = await fetch(new URL(path, url))
          assert.deepEqual([response.status, await response.text()], [404, ''], path)
        }
        const posted = await fetch(url, { method: 'POST', body: 'x' })
        assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD'])
      },
    )
  })

  it('writes them once for all who ask at the same time', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    let times = 0
    const write = () => {
      times += 1
      return promise
    }
    await withServer(write, async ({ url }) => {
      const both = [fetch(url), fetch(url)].map(async (answer) => (await answer).text())
      setTimeout(() => resolve('tide 1\n'), 50)
      assert.deepEqual(await Promise.all(both), ['tide 1\n', 'tide 1\n'])
      assert.equal(times, 1)
    })
  })

  it('says 500 where they cannot be written, and goes on', async () => {
    let broken = true
    const write = async () => {
      if (broken) throw new Error('canary')
      return 'tide 1\n'
    }
    await withServer(write, async ({ url }) => {
      const first = await fetch(url)
      assert.deepEqual([first.status, await first.text()], [500, ''])
      broken = false
      assert.equal(await (await fetch(url)).text(), 'tide 1\n')
    })
  })

  it('is not opened twice', async () => {
    const taken = await takePort()
    const there = { ...here, port: taken.port }
    await assert.rejects(serveMetrics(there, 'text/plain', nothing), {
      code: 'EADDRINUSE',
      port: taken.port,
    })
    await taken.free()
  })

  it('is closed with it', async () => {
    let url = ''
    await withServer(nothing, async (server) => {
      url = server.url
      await (await fetch(url)).text()
    })
    await assert.rejects(fetch(url))
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { processMetrics } from '../../src/telemetry/process-metrics.ts'
import { readMetrics, valueOf } from './scrape.ts'

async function told(registry: Registry) {
  const metrics = await registry.getMetricsAsJSON()
  return metrics.map(({ name, help, type }) => ({ name, help, type }))
}

describe('metrics of the process', () => {
  it('are the default metrics of prom-client', async () => {
    const [own, theirs] = [new Registry(), new Registry()]
    processMetrics(own)
    collectDefaultMetrics({ register: theirs })
    assert.deepEqual(await told(own), await told(theirs))
  })

  it('count the time of the processor, however often they are read', async () => {
    const registry = new Registry()
    const before = process.cpuUsage()
    processMetrics(registry)
    await registry.metrics()
    while (process.cpuUsage(before).user < 30_000) JSON.stringify(before)
    const metrics = readMetrics(await registry.metrics())
    const { user, system } = process.cpuUsage(before)
    const seconds = (what: string) => valueOf(metrics, `process_cpu_${what}_total`) ?? NaN
    assert.ok(seconds('user_seconds') > 0 && seconds('user_seconds') <= user / 1e6)
    assert.ok(seconds('seconds') >= seconds('user_seconds') + seconds('system_seconds') - 0.01)
    assert.ok(seconds('seconds') <= (user + system) / 1e6)
  })
})

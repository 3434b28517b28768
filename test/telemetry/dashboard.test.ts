import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse } from 'yaml'
import { type Matcher, readQuery, type Selector } from './promql.ts'
import { type Family, type Sample, samplesIn, scrape } from './scrape.ts'
import { startBusyGateway } from './traffic.ts'

const root = join(import.meta.dirname, '..', '..')
const dashboard: Dashboard = JSON.parse(
  readFileSync(join(root, 'deploy/grafana/dashboard.json'), 'utf8'),
)
const alerts: Alerts = parse(readFileSync(join(root, 'deploy/prometheus/alerts.yaml'), 'utf8'))
const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8')

interface Dashboard {
  panels: Panel[]
  templating: { list: { name: string; definition?: string }[] }
}

interface Panel {
  id: number
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string }[]
}

interface Alerts {
  groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[]
}

/** Prometheus adds them when it scrapes. */
const ofScrape = ['job', 'instance']

const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr })),
)
const rules = alerts.groups.flatMap((group) => group.rules)

describe('every query', () => {
  let gateway: Awaited<ReturnType<typeof startBusyGateway>>
  let families: Map<string, Family>
  let byName: Map<string, Sample[]>

  before(async () => {
    gateway = await startBusyGateway()
    families = await scrape(gateway.metricsUrl)
    byName = Map.groupBy(samplesIn(families), ({ name }) => name)
  })
  after(() => gateway.close())

  function check(expr: string): void {
    const { selectors, groups } = readQuery(expr)
    assert.notEqual(selectors.length, 0, `${expr} looks for nothing`)
    const found = selectors.flatMap(({ metric, matchers }) => {
      const all = byName.get(metric)
      assert.ok(all !== undefined, `nobody tells ${metric}`)
      const own = matchers.filter(({ label }) => !ofScrape.includes(label))
      const fitting = all.filter(({ labels }) => own.every((matcher) => fits(matcher, labels)))
      assert.notEqual(fitting.length, 0, `no ${metric} is like that: ${expr}`)
      return fitting
    })
    for (const label of groups) {
      assert.ok(
        found.some(({ labels }) => labels[label] !== undefined),
        `nothing in ${expr} has ${label}`,
      )
    }
  }

  for (const { title, expr } of queries) {
    it(`of the panel '${title}' finds what it looks for: ${expr}`, () => check(expr))
  }

  for (const { alert, expr } of rules) {
    it(`of the alert ${alert} finds what it looks for`, () => check(expr))
  }

  it('of a variable finds what it looks for', () => {
    for (const { definition } of dashboard.templating.list) {
      if (definition === undefined) continue
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? []
      assert.ok(families.has(metric) && ofScrape.includes(label), definition)
    }
  })

  it('together look at all that the gateway tells of itself', () => {
    const seen = new Set(
      queries.flatMap(({ expr }) => readQuery(expr).selectors.map(({ metric }) => metric)),
    )
    const own = [...families.keys()].filter((name) => /^(gen_ai|gateway)_/.test(name))
    assert.deepEqual(
      own.filter(
        (name) =>
          !seen.has(name) &&
          !seen.has(`${name}_count`) &&
          !seen.has(`${name}_bucket`) &&
          !seen.has(`${name}_sum`),
      ),
      [],
    )
  })

  for (const [expr, why] of [
    ['sum(rate(gateway_shed_total[5m])', /ends too soon/],
    ['rate(gateway_shed_total)', /needs a range/],
    ['sum(gateway_inflight_requests[5m])', /no use for a range/],
    ['sum by (colour) (gateway_target_state)', /has colour/],
    ['gateway_target_state{colour="red"}', /is like that/],
    ['gateway_shed_total{reason="boredom"}', /is like that/],
    ['gateway_shed_total{reason=~"bore.*|weariness"}', /is like that/],
    ['gateway_nothing_total', /nobody tells/],
  ] as const) {
    it(`would not be ${expr}`, () => {
      assert.throws(() => check(expr), why)
    })
  }
})

/** Whether a series has a label that is there, and so. */
function fits({ label, sign, value }: Matcher, labels: Record<string, string>): boolean {
  const own = labels[label]
  if (own === undefined) return false
  const like = sign.endsWith('~') ? new RegExp(`^(?:${value})$`).test(own) : own === value
  return like !== sign.startsWith('!')
}

describe('the dashboard', () => {
  it('has each panel once, and none over another', () => {
    const ids = dashboard.panels.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    )
    assert.equal(new Set(cells).size, cells.length)
    assert.ok(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24))
  })

  it('asks no variable that it does not have', () => {
    const names = dashboard.templating.list.map(({ name }) => name)
    const own = ['__rate_interval', '__range', '__all']
    const asked = JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)
    for (const [, name = ''] of asked) assert.ok([...names, ...own].includes(name), name)
  })
})

/** What an alert looks for, in order. */
function selectorsOf(name: string): Selector[] {
  return readQuery(rules.find(({ alert }) => alert === name)?.expr ?? '').selectors
}

describe('an alert', () => {
  it('about failures leaves out what no server can mend', () => {
    const [, all] = selectorsOf('PolluxFailing')
    const own = all?.matchers.filter(({ label }) => label === 'status') ?? []
    for (const status of ['401', '404', '499']) {
      assert.ok(!own.every((matcher) => fits(matcher, { status })), status)
    }
    for (const status of ['200', '429', '503']) {
      assert.ok(own.length > 0 && own.every((matcher) => fits(matcher, { status })), status)
    }
  })

  it('about streams speaks where all of them break off, too', () => {
    const [broken, ...begun] = selectorsOf('PolluxStreamsBreakOff')
    // Those that break off are among those that had begun.
    const among = begun.find(({ metric }) => metric === broken?.metric)
    assert.deepEqual(among?.matchers, [])
    const finished = begun.find(({ metric }) => metric !== broken?.metric)
    const { expr = '' } = rules.find(({ alert }) => alert === 'PolluxStreamsBreakOff') ?? {}
    assert.match(expr, new RegExp(`${finished?.metric}\\[10m\\]\\)\\) or vector\\(0\\)`))
  })

  for (const { alert, annotations } of rules) {
    it(`says what to do: ${alert}`, () => {
      assert.equal(annotations.runbook, `docs/metrics.md#${alert.toLowerCase()}`)
      assert.match(page, new RegExp(`^### ${alert}\\n\\n\\S`, 'm'))
      assert.match(annotations.summary ?? '', /\.$/)
    })
  }
})

describe('the page about metrics', () => {
  it('has a row for each metric, and no other', async () => {
    const gateway = await startBusyGateway()
    const families = await scrape(gateway.metricsUrl)
    await gateway.close()
    const rows = [...page.matchAll(/^\| `((?:gen_ai|gateway)_\w+)` \| (.*) \|$/gm)]
    const told = [...families]
      .filter(([name]) => /^(gen_ai|gateway)_/.test(name))
      .map(([name, { type, help, samples }]) => {
        const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)))
        labels.delete('le')
        const names = [...labels].map((label) => `\`${label}\``).join(', ')
        return `${name}: ${type} | ${names} | ${help}`
      })
    assert.deepEqual(rows.map(([, name, rest]) => `${name}: ${rest}`).toSorted(), told.toSorted())
  })
})

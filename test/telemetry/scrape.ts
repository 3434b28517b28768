import assert from 'node:assert/strict'

export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/** A metric and all of its series. */
export interface Family {
  type: string
  help: string
  samples: Sample[]
}

/** What a gateway tells of itself, by the name of the metric. */
export async function scrape(url: string | undefined): Promise<Map<string, Family>> {
  assert.ok(url !== undefined)
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  assert.equal(response.status, 200)
  return readMetrics(await response.text())
}

/** Reads Prometheus' text. Throws where a line is not of it. */
export function readMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family>()
  let current: Family | undefined
  for (const line of text.split('\n')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (word === 'HELP') {
      current = { type: '', help: rest, samples: [] }
      families.set(name, current)
    } else if (word === 'TYPE' && current !== undefined) current.type = rest
    else if (line !== '') current?.samples.push(readSample(line))
  }
  return families
}

function readSample(line: string): Sample {
  const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
  assert.ok(found !== null, line)
  const [, name = '', labels = '', value] = found
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)]
  assert.equal(pairs.map(([pair]) => pair).join(''), labels, line)
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = '', said = '']) => [label, said])),
    value: Number(value),
  }
}

/** All series of all metrics. */
export function samplesIn(families: Map<string, Family>): Sample[] {
  return [...families.values()].flatMap(({ samples }) => samples)
}

/** The sum of the series of this name that have these labels. */
export function valueOf(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  return samplesIn(families)
    .filter((sample) => sample.name === name && has(sample, labels))
    .reduce((sum, { value }) => sum + value, 0)
}

function has(sample: Sample, labels: Record<string, string>): boolean {
  return Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
}

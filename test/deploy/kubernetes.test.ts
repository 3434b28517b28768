import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { environment } from '../../src/environment.ts'
import { startGateway } from '../support/gateway.ts'
import {
  documents,
  filesOf,
  httpProbe,
  mebibytes,
  parseAs,
  read,
  readAs,
  stringsUnder,
  tcpProbe,
  volumeMounts,
} from './manifests.ts'
import { needed } from './memory.ts'

const folder = 'deploy/kubernetes'
const root = join(import.meta.dirname, '..', '..')
const labels = z.record(z.string(), z.string())
const selector = z.strictObject({ matchLabels: labels })
const metadata = z.strictObject({
  name: z.string(),
  labels: labels.optional(),
  annotations: labels.optional(),
})
const kustomization = z.strictObject({
  apiVersion: z.string(),
  kind: z.enum(['Kustomization', 'Component']),
  resources: z.array(z.string()),
  configMapGenerator: z
    .tuple([
      z.strictObject({
        name: z.string(),
        behavior: z.literal('merge').optional(),
        literals: z.array(z.string().regex(/^[A-Z_]+=/)),
      }),
    ])
    .optional(),
  patches: z.array(z.strictObject({ path: z.string() })).default([]),
  images: z
    .array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() }))
    .default([]),
})
const restricted = z.strictObject({
  allowPrivilegeEscalation: z.literal(false),
  readOnlyRootFilesystem: z.literal(true),
  capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
})
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).optional(),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.int() })),
  envFrom: z
    .tuple([z.strictObject({ configMapRef: z.strictObject({ name: z.string() }) })])
    .optional(),
  securityContext: restricted,
  resources: z.strictObject({
    requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
    limits: z.strictObject({ memory: z.string() }),
  }),
  volumeMounts: volumeMounts.default([]),
  startupProbe: httpProbe.optional(),
  readinessProbe: z.union([httpProbe, tcpProbe]),
  livenessProbe: z.union([httpProbe, tcpProbe]),
  lifecycle: z
    .strictObject({
      preStop: z.strictObject({ sleep: z.strictObject({ seconds: z.int() }) }),
    })
    .optional(),
})
const deployment = z.strictObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('Deployment'),
  metadata,
  spec: z.strictObject({
    replicas: z.int().optional(),
    strategy: z.union([
      z.strictObject({ type: z.literal('Recreate') }),
      z.strictObject({
        rollingUpdate: z.strictObject({ maxUnavailable: z.literal(0), maxSurge: z.int() }),
      }),
    ]),
    selector,
    template: z.strictObject({
      metadata: z.strictObject({ labels }),
      spec: z.strictObject({
        serviceAccountName: z.string().optional(),
        automountServiceAccountToken: z.literal(false),
        terminationGracePeriodSeconds: z.int().optional(),
        securityContext: z.strictObject({
          runAsNonRoot: z.literal(true),
          runAsUser: z.int().min(1),
          runAsGroup: z.int().min(1),
          fsGroup: z.int().optional(),
          seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
        }),
        topologySpreadConstraints: z
          .array(
            z.strictObject({
              maxSkew: z.int(),
              topologyKey: z.string(),
              whenUnsatisfiable: z.literal('ScheduleAnyway'),
              labelSelector: selector,
            }),
          )
          .optional(),
        containers: z.tuple([container]),
        volumes: z
          .array(
            z.strictObject({
              name: z.string(),
              secret: z.strictObject({ secretName: z.string() }),
            }),
          )
          .default([]),
      }),
    }),
  }),
})
const service = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata,
  spec: z.strictObject({
    selector: labels,
    ports: z.tuple([
      z.strictObject({
        name: z.string(),
        port: z.int(),
        targetPort: z.string(),
        appProtocol: z.string().optional(),
      }),
    ]),
  }),
})
const autoscaler = z.looseObject({
  spec: z.looseObject({
    scaleTargetRef: z.strictObject({
      apiVersion: z.literal('apps/v1'),
      kind: z.literal('Deployment'),
      name: z.string(),
    }),
    minReplicas: z.int(),
    maxReplicas: z.int(),
  }),
})
const budget = z.looseObject({ spec: z.strictObject({ maxUnavailable: z.int(), selector }) })
const monitor = z.looseObject({
  spec: z.strictObject({
    selector,
    endpoints: z.tuple([
      z.strictObject({ port: z.string(), path: z.literal('/metrics'), interval: z.string() }),
    ]),
  }),
})
const portPatch = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.tuple([
          z.strictObject({
            name: z.string(),
            ports: z.tuple([z.strictObject({ name: z.string(), containerPort: z.int() })]),
          }),
        ]),
      }),
    }),
  }),
})

const base = readAs(kustomization, `${folder}/base/kustomization.yaml`)
const settings = toSettings(base)
const { metadata: named, spec } = readAs(deployment, `${folder}/base/deployment.yaml`)
const pod = spec.template.spec
const [pollux] = pod.containers
const theirs = spec.template.metadata.labels

function toSettings({ configMapGenerator }: z.output<typeof kustomization>) {
  const pairs = configMapGenerator?.[0].literals.map((one) => one.split(/=(.*)/s)) ?? []
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]))
}

describe('the kustomizations', () => {
  const files = filesOf(`${folder}/**/kustomization.yaml`)

  it('name files that exist, and leave none out but the example', () => {
    assert.equal(files.length, 4)
    for (const file of files) {
      const { resources, patches } = readAs(kustomization, file)
      const mine = [...resources, ...patches.map(({ path }) => path)]
      for (const path of mine) assert.ok(existsSync(join(root, dirname(file), path)), path)
      const beside = filesOf(`${dirname(file)}/*.yaml`)
        .map((path) => basename(path))
        .filter((name) => name !== 'kustomization.yaml' && !name.includes('.example.'))
      assert.deepEqual(beside, mine.filter((path) => path.endsWith('.yaml')).toSorted(), file)
    }
  })

  it('set variables that exist, to values that they take', () => {
    for (const file of files) {
      const given = toSettings(readAs(kustomization, file))
      assert.deepEqual(
        Object.keys(given).filter((name) => !(name in environment.shape)),
        [],
        file,
      )
      assert.equal(environment.safeParse(given).error, undefined, file)
    }
  })

  it('change the ConfigMap of the base, which has a name', () => {
    for (const file of files) {
      const { configMapGenerator } = readAs(kustomization, file)
      assert.equal(configMapGenerator?.[0].name, pollux.envFrom?.[0].configMapRef.name)
    }
  })

  it('run images of a version', () => {
    const images = filesOf(`${folder}/**/*.yaml`).flatMap((file) =>
      documents(file).flatMap((document) => stringsUnder(document, 'image')),
    )
    const mapped = new Map(base.images.map(({ name, newTag }) => [name, newTag]))
    assert.ok(images.length >= 2)
    for (const image of images) {
      assert.match(mapped.get(image) ?? image, /(^|:)\d+\.\d+\.\d+(-[a-z]+)?$/)
    }
  })
})

/** What kustomize makes of a folder. */
function built(path: string): unknown[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', path])
  assert.equal(status, 0, String(stderr))
  return parseAllDocuments(String(stdout)).map((document): unknown => document.toJS())
}

const kubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' })

describe('kustomize', { skip: kubectl.status !== 0 && 'needs kubectl' }, () => {
  it('builds the base and the overlay', () => {
    assert.equal(built(join(root, folder, 'base')).length, 6)
    assert.equal(built(join(root, folder, 'overlays/redis')).length, 8)
  })

  it('builds an overlay with both components, whose ports add up', () => {
    const own = mkdtempSync(join(tmpdir(), 'pollux-overlay-'))
    try {
      const there = (path: string) => relative(own, join(root, folder, path))
      const overlay = {
        resources: [there('overlays/redis')],
        components: [there('components/pod-monitoring'), there('components/service-monitor')],
      }
      writeFileSync(join(own, 'kustomization.yaml'), JSON.stringify(overlay))
      const all = JSON.stringify(built(own))
      for (const word of ['REDIS_URL', 'POLLUX_METRICS_PORT', 'PodMonitoring', 'ServiceMonitor']) {
        assert.ok(all.includes(word), word)
      }
      assert.match(all, /"ports":\[[^\]]*"containerPort":9464[^\]]*"containerPort":8080/)
    } finally {
      rmSync(own, { recursive: true })
    }
  })
})

describe('the Deployment', () => {
  it('may do nothing but what the image does', () => {
    const user = Number(/^USER (\d+):/m.exec(read('Dockerfile'))?.[1])
    assert.equal(pod.securityContext.runAsUser, user)
    assert.equal(pod.securityContext.runAsGroup, user)
  })

  it('refers to what exists', () => {
    const account = z.looseObject({ metadata })
    const { metadata: owner } = readAs(account, `${folder}/base/serviceaccount.yaml`)
    assert.equal(pod.serviceAccountName, owner.name)
    assert.match(owner.annotations?.['iam.gke.io/gcp-service-account'] ?? '', /^pollux@/)
    const example = z.looseObject({ metadata, stringData: z.record(z.string(), z.string()) })
    const secret = readAs(example, `${folder}/base/secret.example.yaml`)
    const [volume] = pod.volumes
    const [mount] = pollux.volumeMounts
    assert.equal(volume?.secret.secretName, secret.metadata.name)
    assert.equal(mount?.name, volume?.name)
    const file = settings.POLLUX_CONFIG ?? ''
    assert.equal(dirname(file), mount?.mountPath)
    assert.deepEqual(Object.keys(secret.stringData), [basename(file)])
    assert.ok(
      read(`${folder}/base/kustomization.yaml`).includes(`generic ${secret.metadata.name} `),
    )
  })

  it('listens on the port that the image has', () => {
    const [port] = pollux.ports
    assert.equal(port?.containerPort, environment.parse(settings).PORT)
  })

  it('probes paths that answer', async () => {
    const gateway = await startGateway({})
    try {
      for (const probe of [pollux.startupProbe, pollux.readinessProbe, pollux.livenessProbe]) {
        assert.ok(probe && 'httpGet' in probe)
        const { status } = await fetch(gateway.url + probe.httpGet.path)
        assert.equal(status, 200, probe.httpGet.path)
        assert.equal(probe.httpGet.port, pollux.ports[0]?.name)
      }
    } finally {
      await gateway.close()
    }
  })

  it('lets streams end before it is killed', () => {
    const sleeps = pollux.lifecycle?.preStop.sleep.seconds ?? 0
    const drains = Number(settings.POLLUX_DRAIN_SECONDS)
    assert.ok(sleeps > 0)
    // The process gives itself most of a second more.
    assert.ok(sleeps + drains + 1 < (pod.terminationGracePeriodSeconds ?? 30))
  })

  it('has the memory that its requests need', () => {
    const { POLLUX_MAX_CONCURRENT: most } = environment.parse(settings)
    const { limits, requests } = pollux.resources
    assert.ok(needed(most, settings) < mebibytes(limits.memory))
    assert.ok(mebibytes(requests.memory) <= mebibytes(limits.memory))
  })
})

describe('what stands beside the Deployment', () => {
  it('means its pods', () => {
    const { spec: serving } = readAs(service, `${folder}/base/service.yaml`)
    assert.deepEqual(serving.selector, theirs)
    assert.equal(serving.ports[0].targetPort, pollux.ports[0]?.name)
    assert.equal(serving.ports[0].appProtocol, 'kubernetes.io/h2c')
    assert.deepEqual(spec.selector.matchLabels, theirs)
    const spread = pod.topologySpreadConstraints ?? []
    assert.equal(spread.length, 1)
    for (const { labelSelector } of spread) assert.deepEqual(labelSelector.matchLabels, theirs)
    const { spec: disrupted } = readAs(budget, `${folder}/base/pdb.yaml`)
    assert.deepEqual(disrupted.selector.matchLabels, theirs)
    const { spec: scaled } = readAs(autoscaler, `${folder}/base/hpa.yaml`)
    assert.equal(scaled.scaleTargetRef.name, named.name)
    // One that is drained is not all.
    assert.ok(scaled.minReplicas > disrupted.maxUnavailable)
    assert.ok(scaled.maxReplicas >= scaled.minReplicas)
  })

  for (const name of ['pod-monitoring', 'service-monitor']) {
    it(`reads metrics where they are: ${name}`, () => {
      const component = readAs(kustomization, `${folder}/components/${name}/kustomization.yaml`)
      const { spec: reads } = readAs(monitor, `${folder}/components/${name}/${name}.yaml`)
      const patch = readAs(portPatch, `${folder}/components/${name}/metrics-port.yaml`)
      const [patched] = patch.spec.template.spec.containers
      assert.equal(component.kind, 'Component')
      assert.deepEqual(reads.selector.matchLabels, theirs)
      assert.equal(patched.name, pollux.name)
      assert.equal(reads.endpoints[0].port, patched.ports[0].name)
      const port = toSettings(component).POLLUX_METRICS_PORT
      assert.equal(patched.ports[0].containerPort, Number(port))
    })
  }

  it('is a Redis that is reached by its name', () => {
    const overlay = readAs(kustomization, `${folder}/overlays/redis/kustomization.yaml`)
    const path = `${folder}/overlays/redis/redis.yaml`
    const [running, serving] = documents(path)
    const redis = parseAs(deployment, running, path).spec.template
    const { metadata: address, spec: reached } = parseAs(service, serving, path)
    const { hostname, port } = new URL(toSettings(overlay).REDIS_URL ?? '')
    assert.equal(hostname, address.name)
    assert.equal(Number(port), reached.ports[0].port)
    assert.deepEqual(reached.selector, redis.metadata.labels)
    const [container] = redis.spec.containers
    assert.equal(reached.ports[0].targetPort, container.ports[0]?.name)
    const most = Number(/(\d+)mb/.exec(container.args?.join(' ') ?? '')?.[1])
    assert.ok(most < mebibytes(container.resources.limits.memory))
  })
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { loadConfig } from '../../src/config.ts'
import { environment } from '../../src/environment.ts'
import { startGateway } from '../support/gateway.ts'
import {
  documents,
  httpProbe,
  mebibytes,
  read,
  readAs,
  stringsUnder,
  volumeMounts,
} from './manifests.ts'
import { needed } from './memory.ts'

const secretKey = z.strictObject({ name: z.string(), key: z.string() })
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  ports: z.tuple([z.strictObject({ name: z.literal('h2c'), containerPort: z.int() })]).optional(),
  env: z
    .array(
      z.union([
        z.strictObject({ name: z.string(), value: z.string() }),
        z.strictObject({
          name: z.string(),
          valueFrom: z.strictObject({ secretKeyRef: secretKey }),
        }),
      ]),
    )
    .default([]),
  resources: z
    .strictObject({ limits: z.strictObject({ cpu: z.string(), memory: z.string() }) })
    .optional(),
  volumeMounts,
  startupProbe: httpProbe.optional(),
  livenessProbe: httpProbe.optional(),
})
const knative = z.strictObject({
  apiVersion: z.literal('serving.knative.dev/v1'),
  kind: z.literal('Service'),
  metadata: z.strictObject({
    name: z.string(),
    annotations: z.record(z.string(), z.string()),
  }),
  spec: z.strictObject({
    template: z.strictObject({
      metadata: z.strictObject({ annotations: z.record(z.string(), z.string()) }),
      spec: z.strictObject({
        serviceAccountName: z.string(),
        containerConcurrency: z.int(),
        timeoutSeconds: z.int(),
        containers: z.array(container),
        volumes: z.array(
          z.strictObject({
            name: z.string(),
            secret: z.strictObject({
              secretName: z.string(),
              items: z.tuple([z.strictObject({ key: z.string(), path: z.string() })]),
            }),
          }),
        ),
      }),
    }),
  }),
})
const runMonitoring = z.strictObject({
  apiVersion: z.literal('monitoring.googleapis.com/v1beta'),
  kind: z.literal('RunMonitoring'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    endpoints: z.tuple([
      z.strictObject({ port: z.int(), path: z.literal('/metrics'), interval: z.string() }),
    ]),
  }),
})

const defaults = environment.parse({})
const paths = ['deploy/cloudrun/service.yaml', 'deploy/cloudrun/service-with-metrics.yaml'] as const

for (const path of paths) {
  describe(path, () => {
    const { metadata, spec } = readAs(knative, path).spec.template
    const [pollux] = spec.containers
    assert.ok(pollux)
    const { startupProbe, livenessProbe, resources } = pollux
    assert.ok(startupProbe && livenessProbe && resources)
    const env = Object.fromEntries(
      pollux.env.flatMap((one) => ('value' in one ? [[one.name, one.value]] : [])),
    )

    it('names variables that exist, with values that they take', () => {
      // Those in comments as well.
      const names = [...read(path).matchAll(/- name: ([A-Z][A-Z_]+)$/gm)].map(
        ([, name = '']) => name,
      )
      assert.ok(names.length >= pollux.env.length)
      assert.deepEqual(
        names.filter((name) => !(name in environment.shape)),
        [],
      )
      assert.equal(environment.safeParse(env).error, undefined)
    })

    it('sends HTTP/2 to the port that the image listens on', () => {
      const [port] = pollux.ports ?? []
      assert.equal(port?.containerPort, defaults.PORT)
      assert.equal(Number(/^EXPOSE (\d+)$/m.exec(read('Dockerfile'))?.[1]), defaults.PORT)
    })

    it('lets Cloud Run start another instance before one turns anybody away', () => {
      const most = Number(env.POLLUX_MAX_CONCURRENT ?? defaults.POLLUX_MAX_CONCURRENT)
      assert.ok(spec.containerConcurrency <= most)
    })

    it('probes paths that answer, in times that Cloud Run takes', async () => {
      const gateway = await startGateway({})
      try {
        for (const { httpGet, periodSeconds, timeoutSeconds } of [startupProbe, livenessProbe]) {
          const { status } = await fetch(gateway.url + httpGet.path)
          assert.equal(status, 200, httpGet.path)
          assert.ok(timeoutSeconds <= periodSeconds)
          // Cloud Run keeps those to itself.
          assert.doesNotMatch(httpGet.path, /z$/)
        }
      } finally {
        await gateway.close()
      }
      assert.ok(startupProbe.failureThreshold * startupProbe.periodSeconds <= 240)
      assert.ok(spec.timeoutSeconds <= 3600)
    })

    it('has the memory that its requests need', () => {
      const { limits } = resources
      assert.ok(needed(spec.containerConcurrency, env) < mebibytes(limits.memory))
      assert.equal(limits.cpu, '1')
    })

    it('mounts each secret where it is looked for, by a version', () => {
      const volumes = new Map(spec.volumes.map(({ name, secret }) => [name, secret]))
      const mounted = spec.containers.flatMap((one) => one.volumeMounts)
      assert.deepEqual(mounted.map(({ name }) => name).toSorted(), [...volumes.keys()].toSorted())
      const files = mounted.map(
        ({ name, mountPath }) =>
          `${mountPath.replace(/\/$/, '')}/${volumes.get(name)?.items[0].path}`,
      )
      assert.ok(files.includes(env.POLLUX_CONFIG ?? ''))
      for (const { items } of volumes.values()) assert.match(items[0].key, /^\d+$/)
    })

    it('runs images of a version, as an account of its own, in the second generation', () => {
      for (const { image } of spec.containers) assert.match(image, /:\d+\.\d+\.\d+$/)
      assert.match(spec.serviceAccountName, /^pollux@my-project\.iam\.gserviceaccount\.com$/)
      const { annotations } = metadata
      assert.equal(annotations['run.googleapis.com/execution-environment'], 'gen2')
      assert.equal(annotations['run.googleapis.com/startup-cpu-boost'], 'true')
      const [least, most] = ['min', 'max'].map((end) =>
        Number(annotations[`autoscaling.knative.dev/${end}Scale`]),
      )
      assert.ok(least !== undefined && most !== undefined && least >= 1 && least <= most)
    })
  })
}

describe('deploy/cloudrun/service-with-metrics.yaml', () => {
  const [plain, watched] = paths.map((path) => readAs(knative, path).spec.template)
  assert.ok(plain && watched)
  const [pollux, collector] = watched.spec.containers

  it('is service.yaml, a port and a sidecar', () => {
    assert.ok(pollux)
    const env = pollux.env.filter(({ name }) => name !== 'POLLUX_METRICS_PORT')
    assert.notEqual(env.length, pollux.env.length)
    assert.deepEqual(
      {
        ...watched.spec,
        containers: [{ ...pollux, env }],
        volumes: watched.spec.volumes.filter(({ name }) => name !== 'run-monitoring'),
      },
      plain.spec,
    )
    const { annotations } = watched.metadata
    const {
      'run.googleapis.com/cpu-throttling': throttling,
      'run.googleapis.com/container-dependencies': dependencies = '',
      ...others
    } = annotations
    assert.equal(throttling, 'false')
    assert.deepEqual(JSON.parse(dependencies), { [collector?.name ?? '']: [pollux.name] })
    assert.deepEqual(others, plain.metadata.annotations)
  })

  it('reads the port that Pollux writes its metrics to', () => {
    const [endpoint] = readAs(runMonitoring, 'deploy/cloudrun/run-monitoring.yaml').spec.endpoints
    const port = pollux?.env.find(({ name }) => name === 'POLLUX_METRICS_PORT')
    assert.ok(port && 'value' in port)
    assert.equal(Number(port.value), endpoint.port)
  })
})

describe('the examples of a file', () => {
  const written: unknown = documents('deploy/kubernetes/base/secret.example.yaml')[0]
  const [ofKubernetes = ''] = stringsUnder(written, 'pollux.yaml')

  it('are ones that Pollux takes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pollux-example-'))
    try {
      for (const text of [read('deploy/cloudrun/pollux.example.yaml'), ofKubernetes]) {
        writeFileSync(join(folder, 'pollux.yaml'), text)
        const { auth } = await loadConfig({
          GOOGLE_CLOUD_PROJECT: 'my-project',
          POLLUX_AUTH: 'keys',
          POLLUX_CONFIG: join(folder, 'pollux.yaml'),
        })
        assert.ok(auth.mode === 'keys')
        assert.deepEqual(
          auth.keys.map(({ name }) => name),
          ['ci'],
        )
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

import { checkSameMode } from './config/checks.ts'
import { type Config, ConfigError } from './config.ts'
import { anyone, type Authenticate, type Client, passingThrough, withKeys } from './http/auth.ts'
import { mayAsk } from './key.ts'
import { type CostOf, costsBy } from './price.ts'
import { type Google, type Means, toBackends } from './reach.ts'
import { listedModels } from './translate/abilities.ts'
import { type Backends, routeTo } from './upstream/backend.ts'

/**
 * What a change of the configuration exchanges while requests are answered: who may ask, for what, and what it costs.
 * Routes hold on to this; each request finds what is there when it comes, and goes on with that.
 */
export interface Current {
  authenticate: Authenticate
  backends: Backends
  /** Ids of models, as far as a client may ask for them. */
  listed(client: Client): readonly string[]
  /** Whether a client may ask for a model by this name, listed or not. */
  serves(name: string, client: Client): boolean
  /** What a request has cost, by the prices of the moment. */
  costOf: CostOf
  /** Later requests find this configuration. Throws ConfigError, and changes nothing, where others would ask. */
  change(config: Config): Promise<void>
}

/** `reach` is where Google is, which does not change. */
export async function createCurrent(
  config: Config,
  reach: Config['backends'],
  google: Google,
  means: Means,
): Promise<Current> {
  let authenticate = toAuthenticate(config.auth)
  let backends = await backendsOf(config)
  let costOf = costsBy(config.models, config.prices)
  return {
    authenticate: (request) => authenticate(request),
    backends: {
      serving: (name, door) => backends.serving(name, door),
      endpoint: (place) => backends.endpoint(place),
      get names() {
        return backends.names
      },
    },
    listed({ key }) {
      const ids = [...new Set([...backends.names, ...listedModels])]
      return key === undefined ? ids : ids.filter((id) => mayAsk(key, [id]))
    },
    costOf: (record) => costOf(record),
    serves: (name, client) => isServed(backends, name, client),
    async change(later) {
      const mistakes = checkSameMode(config.auth.mode, later.auth.mode)
      if (mistakes.length > 0) throw new ConfigError(mistakes)
      const next = await backendsOf(later)
      authenticate = toAuthenticate(later.auth)
      backends = next
      costOf = costsBy(later.models, later.prices)
    },
  }

  async function backendsOf({ backends: { endpoints }, models }: Config): Promise<Backends> {
    const backends = toBackends({ ...reach, endpoints }, means, google)
    if (models.length === 0) return backends
    // Loaded where it is asked for: most gateways have no names of their own.
    const { withAliases } = await import('./upstream/aliases.ts')
    return withAliases(backends, models)
  }
}

function toAuthenticate(auth: Config['auth']): Authenticate {
  switch (auth.mode) {
    case 'none':
      return anyone()
    case 'keys':
      return withKeys(auth.keys)
    case 'passthrough':
      return passingThrough()
  }
}

function isServed(backends: Backends, name: string, { key }: Client): boolean {
  const route = routeTo(backends, name)
  return route !== undefined && (key === undefined || mayAsk(key, route.names))
}

import type { Contestant } from './contestant.ts'
import { floor, nginx } from './pass-through.ts'
import { peers } from './peers.ts'
import { polluxes } from './pollux.ts'

/** The upstream itself, without a gateway: its own cost, and the times that the others add to. */
export const direct: Contestant = {
  name: 'direct',
  about: 'no gateway: the upstream itself, and its own CPU',
  translates: false,
  streamEnd: 'STOP',
  every: 1,
  start: async () => {
    throw new Error('The upstream is started before all others.')
  },
}

/** Everybody, in their order within a round. */
export const contestants: Contestant[] = [direct, floor, nginx, ...polluxes, ...peers]

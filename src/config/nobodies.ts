import type { BackendsConfig } from '../config.ts'
import { type Backend, type Backends, createBackends } from '../upstream/backend.ts'

/** Backends that answer nobody, to be asked which models they would serve. */
export function toNobodies({
  vertex,
  gemini,
  preferred,
  endpoints,
  emulated,
}: BackendsConfig): Backends {
  const place = emulated ? { project: 'emulator', location: 'global' } : vertex
  return createBackends({
    vertex: place && { ...place, backend: nobody, partners: () => nobody },
    gemini: gemini !== undefined || emulated ? { backend: nobody } : undefined,
    endpoints: endpoints.map(({ name }) => ({ name, place: undefined, backend: nobody })),
    preferred,
  })
}

const nobody: Backend = {
  complete: () => Promise.reject(new Error('Nobody is asked yet.')),
  stream: () => Promise.reject(new Error('Nobody is asked yet.')),
}

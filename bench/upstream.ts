import { once } from 'node:events'
import { programs } from './build.ts'
import { core, spawnOn } from './process.ts'

/** Time between two events of a paced stream, in milliseconds. */
const paceMs = 20

/** The upstream of the comparison. */
export interface Upstream {
  port: number
  pid: number
  stop(): void
}

/** Starts one, beside whatever else asks and answers. */
export async function startUpstream(): Promise<Upstream> {
  const child = spawnOn(core.others, [programs.upstream, '0', String(paceMs)])
  const { pid, stdout } = child
  if (stdout === null || pid === undefined) throw new Error('The upstream does not run.')
  const [port] = await once(stdout, 'data')
  return { port: Number(String(port)), pid, stop: () => void child.kill('SIGKILL') }
}

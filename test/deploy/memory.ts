import { environment } from '../../src/environment.ts'
import { read } from './manifests.ts'

/** How often a body is in memory while it is translated: its bytes, its words, Gemini's words, their bytes. */
const copies = 4

/**
 * Mebibytes that an instance needs for so many streams at a time, and as many bodies as it holds: by
 * the figures of bench/README.md.
 */
export function needed(streams: number, env: Record<string, string | undefined>): number {
  const { image, open } = figures()
  const { POLLUX_BUFFER_LIMIT: buffers } = environment.parse(env)
  return (image * 1e6 + streams * open * 1e3 + copies * buffers) / 2 ** 20
}

/** MB of the process in the image after requests, and kB of an open stream. */
export function figures(): { idle: number; image: number; open: number } {
  const text = read('bench/README.md')
  const [, idle, image] =
    /^\| as in the image .*\| (\d+) \[[^|]*\| (\d+) \[[^|]*\|$/m.exec(text) ?? []
  const [, open] = /^\| pollux \| (?:[^|]*\|){4} ([\d.]+) \[/m.exec(text) ?? []
  if (idle === undefined || image === undefined || open === undefined) {
    throw new Error('bench/README.md has no figures of memory.')
  }
  return { idle: Number(idle), image: Number(image), open: Number(open) }
}

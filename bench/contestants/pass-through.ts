import { accessSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { scratch } from '../scratch.ts'
import { type Contestant, started } from './contestant.ts'

const passesThrough = { translates: false, streamEnd: 'STOP' } as const

/** The floor of every ratio. */
export const floor: Contestant = {
  ...passesThrough,
  name: 'floor',
  about:
    '`node:http` and undici’s `dispatch`: the bytes passed through both ways with backpressure, nothing read of them, no key, no log',
  every: 1,
  start: async ({ upstream }) =>
    started('floor', (port) => ({
      command: [process.execPath, join(import.meta.dirname, 'floor-server.ts')],
      env: { UPSTREAM: `http://127.0.0.1:${upstream}`, PORT: String(port) },
    })),
}

/** What a proxy in C costs. */
export const nginx: Contestant = {
  ...passesThrough,
  name: 'nginx',
  about:
    '`proxy_pass` in one worker: the bytes passed through, nothing read of them, no key, no log',
  every: 2,
  missing: () => (inPath('nginx') === undefined ? 'nginx is not in PATH' : undefined),
  start: async ({ upstream }) =>
    started('nginx', (port) => ({
      command: [
        inPath('nginx') ?? 'nginx',
        '-p',
        scratch(),
        '-c',
        writeNginxConfig(port, upstream),
      ],
    })),
}

function inPath(program: string): string | undefined {
  // Debian has servers where only root looks for programs.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, program)).find(exists)
}

function exists(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}

function writeNginxConfig(port: number, upstream: number): string {
  const folder = join(scratch(), `nginx-${port}`)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${join(folder, kind)};`)
    .join('\n')
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${join(folder, 'pid')};
error_log stderr warn;
worker_rlimit_nofile 20000;
events { worker_connections 19000; }
http {
  access_log off;
  client_max_body_size 32m;
  client_body_buffer_size 2m;
  keepalive_requests 1000000000;
${temporary}
  upstream gemini {
    server 127.0.0.1:${upstream};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://gemini;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`,
  )
  return file
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A proxy before the gateway, as people put one there. */
export interface Front {
  url: string
  /** The `X-Case` and status of each request that it sent on and got an answer to. */
  forwarded(): { marker: string; status: number }[]
  close(): Promise<void>
}

/** How a proxy is started before a gateway. */
export interface FrontKind {
  name: string
  binary: 'nginx' | 'haproxy'
  /** What its clients speak; the gateway gets HTTP/1.1 in any case. */
  speaks: 'HTTP/1.1' | 'HTTP/2'
  start: (upstream: URL) => Promise<Front>
}

/**
 * Each sends all its requests down one kept connection, so that whatever one of them leaves there meets
 * the next. The strict kinds read a body before they send it on; the others pass on what they can.
 */
export const frontKinds: FrontKind[] = [
  {
    name: 'nginx',
    binary: 'nginx',
    speaks: 'HTTP/1.1',
    start: (upstream) => startNginx(upstream, strictNginx, ''),
  },
  {
    name: 'nginx, unbuffered and lenient',
    binary: 'nginx',
    speaks: 'HTTP/1.1',
    start: (upstream) => startNginx(upstream, lenientNginx, ''),
  },
  {
    name: 'nginx with HTTP/2',
    binary: 'nginx',
    speaks: 'HTTP/2',
    start: (upstream) => startNginx(upstream, lenientNginx, 'http2'),
  },
  {
    name: 'HAProxy',
    binary: 'haproxy',
    speaks: 'HTTP/1.1',
    start: (upstream) => startHaproxy(upstream, '', ''),
  },
  {
    name: 'HAProxy, lenient',
    binary: 'haproxy',
    speaks: 'HTTP/1.1',
    start: (upstream) => startHaproxy(upstream, 'option accept-invalid-http-request', ''),
  },
  {
    name: 'HAProxy with HTTP/2',
    binary: 'haproxy',
    speaks: 'HTTP/2',
    start: (upstream) => startHaproxy(upstream, '', 'proto h2'),
  },
]

/** Whether the program is on this machine. */
export function isInstalled(binary: FrontKind['binary']): boolean {
  return spawnSync(binary, ['-v'], { stdio: 'ignore' }).status === 0
}

const strictNginx = 'proxy_request_buffering on;'
const lenientNginx = `proxy_request_buffering off;
      proxy_buffering off;`

async function startNginx(upstream: URL, settings: string, protocol: string): Promise<Front> {
  return startFront((port, directory) => {
    const log = join(directory, 'access.log')
    const config = `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { worker_connections 256; }
http {
  log_format told '$upstream_status $http_x_case';
  access_log ${log} told;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  large_client_header_buffers 8 128k;
  client_header_timeout 500ms;
  client_body_timeout 500ms;
  ${settings === lenientNginx ? 'ignore_invalid_headers off; underscores_in_headers on;' : ''}
  upstream gateway { server ${upstream.host}; keepalive 1; }
  server {
    listen 127.0.0.1:${port} ${protocol};
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      ${settings}
    }
  }
}`
    writeFileSync(join(directory, 'nginx.conf'), config)
    const child = spawn(
      'nginx',
      ['-c', `${directory}/nginx.conf`, '-p', directory, '-e', `${directory}/error.log`],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    return { child, told: () => readFileSync(log, 'utf8') }
  })
}

async function startHaproxy(upstream: URL, settings: string, protocol: string): Promise<Front> {
  return startFront((port, directory) => {
    const config = `
global
  nbthread 1
  log stdout format raw local0
  tune.bufsize 131072
defaults
  mode http
  log global
  timeout connect 1s
  timeout client 500ms
  timeout server 10s
  timeout http-request 500ms
  timeout http-keep-alive 500ms
  http-reuse always
frontend clients
  bind 127.0.0.1:${port} ${protocol}
  ${settings}
  declare capture request len 32
  http-request capture req.hdr(x-case) id 0
  log-format "%[var(txn.sent)] %[capture.req.hdr(0)]"
  http-response set-var(txn.sent) status
  default_backend gateway
backend gateway
  server one ${upstream.host}
`
    writeFileSync(join(directory, 'haproxy.cfg'), config)
    const child = spawn('haproxy', ['-db', '-f', `${directory}/haproxy.cfg`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let told = ''
    child.stdout?.on('data', (piece: Buffer) => {
      told += piece.toString('latin1')
    })
    return { child, told: () => told }
  })
}

/** Lines of a front's log: the upstream's status and the marker; `-` where there is none. */
function readTold(told: string): { marker: string; status: number }[] {
  return told.split('\n').flatMap((line) => {
    const found = /^(\d{3}) ([a-z]\d{3}-\w+)$/.exec(line)
    return found === null ? [] : [{ status: Number(found[1]), marker: found[2] ?? '' }]
  })
}

type Start = (port: number, directory: string) => { child: ChildProcess; told: () => string }

async function startFront(start: Start): Promise<Front> {
  const directory = mkdtempSync(join(tmpdir(), 'front-'))
  const port = await freePort()
  const { child, told } = start(port, directory)
  let said = ''
  child.stderr?.on('data', (piece: Buffer) => {
    said += piece.toString('latin1')
  })
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    }
    rmSync(directory, { recursive: true, force: true })
  }
  for (let tries = 0; !(await listens(port)); tries += 1) {
    if (tries > 100 || child.exitCode !== null) {
      await close()
      throw new Error(`${child.spawnfile} does not listen: ${said}`)
    }
    await sleep(50)
  }
  return { url: `http://127.0.0.1:${port}`, forwarded: () => readTold(told()), close }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.')
  return address.port
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../support/port.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { endWithUs } from './ends-with-us.ts'

/** nginx in front of several instances, which it asks in turn. */
export interface Balancer {
  url: string
  /** Which instance was asked, request for request: `127.0.0.1:1234`. */
  asked(): string[]
  close(): Promise<void>
}

/** Whether nginx is on this machine. */
export function canBalance(): boolean {
  return spawnSync('nginx', ['-v'], { stdio: 'ignore' }).status === 0
}

/** Starts one worker; resolves when it takes connections. */
export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-balancer-'))
  const port = await freePort()
  const log = join(folder, 'access.log')
  writeFileSync(join(folder, 'nginx.conf'), toConfig(folder, port, urls))
  const child = spawn(
    'nginx',
    ['-c', `${folder}/nginx.conf`, '-p', folder, '-e', `${folder}/error.log`],
    { stdio: 'ignore' },
  )
  endWithUs(child)
  for (let tries = 0; !(await listens(port)); tries += 1) {
    if (tries > 200 || child.exitCode !== null) {
      throw new Error(`nginx does not listen: ${readFileSync(`${folder}/error.log`, 'utf8')}`)
    }
    await sleep(20)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    // Where one was tried in vain there are several in a line.
    asked: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .flatMap((line) => line.split(', ').at(-1) || []),
    close: () => end(child, folder),
  }
}

function toConfig(folder: string, port: number, urls: readonly string[]): string {
  const servers = urls.map((url) => `server ${new URL(url).host} max_fails=1 fail_timeout=30s;`)
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  log_format asked '$upstream_addr';
  access_log ${folder}/access.log asked;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream gateways { ${servers.join(' ')} }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_read_timeout 3600s;
    }
  }
}`
}

async function listens(port: number): Promise<boolean> {
  try {
    const client = await connectRaw(`http://127.0.0.1:${port}`)
    client.leave()
    return true
  } catch {
    return false
  }
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  rmSync(folder, { recursive: true, force: true })
}

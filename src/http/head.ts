import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { ApiError } from '../errors.ts'

/**
 * What the parser lets pass and a proxy on the way may have understood otherwise. Throws 400, 415, 501
 * or 505, after which the connection is closed. Sources: RFC 9112 3.2, 6.1; RFC 9110 8.4.
 */
export function checkHead({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  if (':method' in headers) checkAuthority(headers)
  else checkHttp1(headers, rawHeaders, httpVersion)
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    const message = 'Send the body as it is, without content-encoding.'
    throw refusal(415, message, 'unsupported_content_encoding')
  }
}

/** In HTTP/2, which has frames in place of lengths; no header of HTTP/1 has such a name. */
function checkAuthority({ host, ':authority': authority }: IncomingHttpHeaders): void {
  if (!validHost.test(String(authority ?? host ?? ''))) {
    throw refusal(400, 'The :authority of the request is not a host.')
  }
  if (authority !== undefined && host !== undefined && host !== authority) {
    throw refusal(400, 'The request has a Host header other than its :authority.')
  }
}

function checkHttp1(headers: IncomingHttpHeaders, rawHeaders: string[], httpVersion: string): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    throw refusal(505, 'Speak HTTP/1.1 to this port.', 'http_version_not_supported')
  }
  checkHost(headers.host, rawHeaders, httpVersion)
  const coding = headers['transfer-encoding']
  if (coding !== undefined && httpVersion === '1.0') {
    throw refusal(400, 'HTTP/1.0 has no transfer-encoding.')
  }
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    throw refusal(501, 'Send the body with the transfer-encoding chunked, or with none.')
  }
}

function checkHost(host: string | undefined, rawHeaders: string[], httpVersion: string): void {
  if (host === undefined && httpVersion === '1.1') {
    throw refusal(400, 'The request has no Host header.')
  }
  if (host !== undefined && !validHost.test(host)) {
    throw refusal(400, 'The Host header is not a host.')
  }
  if (rawHeaders.filter(isHost).length > 1) {
    throw refusal(400, 'The request has more than one Host header.')
  }
}

/** A name, an address, or an IPv6 address in brackets; perhaps a port. */
const validHost = /^(?:\[[0-9a-f:.]+\]|[\w.~%!$&'()*+;=-]*)(?::\d*)?$/i

/** Names and values take turns in raw headers. */
function isHost(text: string, index: number): boolean {
  return index % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host'
}

/** Where the ends of messages are in doubt, the next one must not be read. */
function refusal(status: number, message: string, code?: string): ApiError {
  const headers = { connection: 'close' }
  return new ApiError(status, 'invalid_request_error', message, { code, headers })
}

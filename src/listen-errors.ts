/** Where somebody wants to listen. */
export interface Address {
  host: string
  port: number
}

/**
 * Why an address cannot be listened on, and what to set: variables whose names begin with `prefix`.
 * `code` is that of the error; undefined where it is none of the operator's.
 */
export function explainListenError(
  code: string,
  { host, port }: Address,
  prefix: '' | 'POLLUX_METRICS_',
): [says: string, todo: string] | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return [
        `Port ${port} on ${host} is in use by another program.`,
        `Set ${prefix}PORT to another, or stop that program (it may be a gateway that runs already).`,
      ]
    case 'EACCES':
      return [
        `Listening on port ${port} of ${host} is not permitted.`,
        `Set ${prefix}PORT to 1024 or more.`,
      ]
    case 'EADDRNOTAVAIL':
      return [
        `This machine does not have the address ${host}.`,
        `Set ${prefix}HOST to one of its own, e.g. 127.0.0.1, or 0.0.0.0 for all.`,
      ]
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [`There is no address by the name ${host}.`, `Set ${prefix}HOST to an IP address.`]
    default:
      return undefined
  }
}

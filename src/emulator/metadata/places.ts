const account = String.raw`/computeMetadata/v1/instance/service-accounts/[^/]+`

const places: [string, RegExp][] = [
  ['oauth', /^POST \/token$/],
  ['token', new RegExp(`^GET ${account}/token$`)],
  ['email', new RegExp(`^GET ${account}/email$`)],
  ['scopes', new RegExp(`^GET ${account}/scopes$`)],
  ['identity', new RegExp(`^GET ${account}/identity$`)],
  ['service-account', new RegExp(`^GET ${account}/?$`)],
  ['project-id', /^GET \/computeMetadata\/v1\/project\/project-id$/],
  ['numeric-project-id', /^GET \/computeMetadata\/v1\/project\/numeric-project-id$/],
  ['universe-domain', /^GET \/computeMetadata\/v1\/universe\/universe[-_]domain$/],
  ['instance', /^GET \/computeMetadata\/v1\/instance\/?$/],
  ['root', /^GET \/(computeMetadata\/?)?$/],
]

/** What a path of either server asks for, in a word. */
export function placeOf(pathname: string, method: string): string {
  return places.find(([, pattern]) => pattern.test(`${method} ${pathname}`))?.[0] ?? 'unknown'
}

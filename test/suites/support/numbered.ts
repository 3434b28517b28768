/** What the endless model says in one event: 4 kB that tells which event it is. */
export function numbered(event: number): string {
  return `${event} `.padStart(4_000, 'über ')
}

/** Adds them one by one: as arguments of one `push` there may be too many. */
export function addAll<T>(list: T[], more: readonly T[] | undefined): void {
  for (const one of more ?? []) list.push(one)
}

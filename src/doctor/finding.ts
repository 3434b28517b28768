/** What one look has found. */
export interface Finding {
  /** What was looked at, e.g. `port` or `model`. */
  about: string
  /** `mend`: it would not work. `mind`: it would, but not as it should. */
  verdict: 'good' | 'mind' | 'mend'
  says: string
  /** What to do about it. */
  todo?: string
}

export function good(about: string, says: string): Finding {
  return { about, verdict: 'good', says }
}

export function mind(about: string, says: string, todo: string): Finding {
  return { about, verdict: 'mind', says, todo }
}

export function mend(about: string, says: string, todo: string): Finding {
  return { about, verdict: 'mend', says, todo }
}

/**
 * Bytes that were allocated when this was last measured, for each request, answer or event. It is
 * written by `node bench/guard/run.ts --renew`: do so whenever a figure has become smaller, and where it
 * is larger for a good reason, which the commit tells.
 */
export const measured: Readonly<Record<string, number>> = {
  'a small request': 35_776,
  'a request of 20 kB, with tools': 1_047_928,
  'a whole answer': 19_336,
  'a stream of 100 events': 6_913,
  'a stream of 100 events, one a read': 7_694,
  'a stream of thoughts, text and calls': 7_375,
  'a stream of a call’s arguments': 9_097,
  'a whole answer, over the network': 115_693,
  'a stream of 100 events, over the network': 8_116,
}

/** The version of Node that it was measured with: another one lays out its objects as it likes. */
export const measuredWith: string = 'v26.10.0'

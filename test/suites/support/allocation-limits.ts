/**
 * Bytes that were allocated when this was last measured, for each request, answer or event. It is
 * written by `node bench/guard/run.ts --renew`: do so whenever a figure has become smaller, and where it
 * is larger for a good reason, which the commit tells.
 */
export const measured: Readonly<Record<string, number>> = {
  'a small request': 23_568,
  'a request of 20 kB, with tools': 901_088,
  'a whole answer': 57_400,
  'a stream of 100 events': 2_805,
  'a stream of 100 events, one a read': 4_999,
  'a stream of thoughts, text and calls': 4_512,
  'a stream of a call’s arguments': 11_482,
  'a whole answer, over the network': 102_979,
  'a stream of 100 events, over the network': 3_493,
}

/** The version of Node that it was measured with: another one lays out its objects as it likes. */
export const measuredWith: string = 'v26.10.0'

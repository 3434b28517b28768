/**
 * Bytes that were allocated when this was last measured, for each request, answer or event, or held by
 * a stream. `node_modules/.bin/node bench/guard/run.ts --renew` writes it anew: do so whenever a figure
 * has become smaller, and where it is larger for a good reason, which the commit tells.
 */
export const measured: Readonly<Record<string, number>> = {
  'a small request': 22_328,
  'a request of 20 kB, with tools': 838_656,
  'the same with tools that are known': 664_328,
  'a whole answer': 53_360,
  'a stream of 100 events': 2_775,
  'a stream of 100 events, one a read': 4_538,
  'a stream of thoughts, text and calls': 4_294,
  'a stream of a call’s arguments': 11_576,
  'what a stream holds after 200 events': 16_478,
  'what a stream holds after 1,000 events': 57_452,
  'a whole answer, over the network': 104_994,
  'a stream of 100 events, over the network': 3_497,
}

/** The version of Node that it was measured with: another one lays out its objects as it likes. */
export const measuredWith: string = 'v26.10.0'

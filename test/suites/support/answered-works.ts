import { letters, sentence } from './histories.ts'
import {
  answering,
  dripping,
  event,
  eventsOf,
  type GrowingWork,
  streaming,
  wholly,
} from './work.ts'

const sizes: GrowingWork['sizes'] = [100, 1_000, 10_000]

/** What Google may answer more and more of. */
export const answeredWorks: Readonly<Record<string, GrowingWork>> = {
  'events of text': inEvents(text),
  'events of text, one a read': {
    unit: 'event',
    of: (size) => dripping(eventsOf(size, text)),
    sizes,
  },
  'events of thoughts': inEvents(
    // Thoughts alone would be no answer, and asked for again.
    (at) => ({ ...text(at), thought: at > 0 }),
    showing(),
  ),
  'events of thoughts and text in tags': inEvents(
    (at) => ({ ...text(at), thought: at % 2 === 0 }),
    showing('t'),
  ),
  'events of signed text': inEvents((at) => ({ ...text(at), thoughtSignature: 'c2lnbmF0dXJl' })),
  'events of code': inEvents((at) => ({
    executableCode: { language: 'PYTHON', code: `print(${at})` },
  })),
  'events of pictures': inEvents(() => ({
    inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' },
  })),
  'events of sound': inEvents(
    () => ({ inlineData: { mimeType: 'audio/L16;rate=24000', data: 'AAAA'.repeat(100) } }),
    { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } },
  ),
  'events of calls': inEvents(oneCall),
  'events of calls, one a read': {
    unit: 'event',
    of: (size) => dripping(eventsOf(size, oneCall)),
    sizes,
  },
  'events with a source each': {
    unit: 'event',
    of: (size) => streaming(eventsOf(size, text, (at) => ({ groundingMetadata: sources([at]) }))),
    sizes,
  },
  'events with a citation each': {
    unit: 'event',
    of: (size) =>
      streaming(
        eventsOf(size, text, (at) => ({
          citationMetadata: { citationSources: [{ ...place(at), uri: 'https://example.com' }] },
        })),
      ),
    sizes,
  },
  'events with log probabilities': {
    unit: 'event',
    of: (size) => {
      const chance = { token: 'word', logProbability: -0.5 }
      const logprobsResult = {
        chosenCandidates: [chance],
        topCandidates: [{ candidates: [chance] }],
      }
      return streaming(
        eventsOf(size, text, () => ({ logprobsResult })),
        {
          logprobs: true,
          top_logprobs: 2,
        },
      )
    },
    sizes,
  },
  'thoughts in tags, each with a source after it': {
    unit: 'thought',
    of: (size) =>
      streaming(
        eventsOf(
          2 * size,
          (at) => ({ text: 'word ', thought: at % 2 === 0 }),
          (at) =>
            at < 2 * size - 1
              ? {}
              : { groundingMetadata: sources(Array.from({ length: size }, () => 0)) },
        ),
        showing('t'),
      ),
    sizes,
  },

  'pieces of a call’s arguments': {
    unit: 'piece',
    of: (size) => streaming(eventsOf(size, pieceOf('query'))),
    sizes,
  },
  'pieces of a custom tool’s input': {
    unit: 'piece',
    of: (size) =>
      streaming(eventsOf(size, pieceOf('input')), {
        tools: [{ type: 'custom', custom: { name: 'look_up' } }],
      }),
    sizes,
  },
  'members of a call’s arguments': {
    unit: 'member',
    of: (size) =>
      streaming(
        eventsOf(size, (at) => ({
          functionCall: {
            ...(at === 0 && { name: 'look_up' }),
            partialArgs: [{ jsonPath: `$.list[${at}]`, numberValue: at }],
            willContinue: true,
          },
        })),
      ),
    // Arguments of more than 10,000 are refused.
    sizes: [90, 900, 9_000],
  },
  'parallel calls in one event': {
    unit: 'call',
    of: (size) =>
      streaming([event({}, { content: { parts: Array.from({ length: size }, oneCallOf) } }, true)]),
    sizes,
  },
  'parallel calls in a whole answer': {
    unit: 'call',
    of: (size) => answering(Array.from({ length: size }, oneCallOf)),
    sizes,
  },
  'parts of a whole answer': {
    unit: 'part',
    of: (size) => answering(Array.from({ length: size }, (_, at) => text(at))),
    sizes,
  },
  'sources of a whole answer': {
    unit: 'source',
    of: (size) =>
      answering([{ text: sentence.repeat(Math.min(5_000, size)) }], {
        groundingMetadata: sources([...Array(size).keys()]),
      }),
    sizes,
  },

  'choices of a whole answer': {
    unit: 'choice',
    of: (size) => wholly(choices(size)),
    sizes: [1, 10, 100],
  },
  'choices of a stream of 10 events': {
    unit: 'choice',
    of: (size) => streaming(Array.from({ length: 10 }, () => JSON.stringify(choices(size)))),
    sizes: [1, 10, 100],
  },
  'choices that come one after another': {
    unit: 'choice',
    of: (size) => dripping(eventsOf(size, text, (index) => ({ index, finishReason: 'STOP' }))),
    sizes: [1, 10, 100],
  },

  // Up to the limits of an event and of a whole answer.
  'a long event': inAnswer((size) => streaming([event({ text: letters(size) }, {}, true)])),
  'a long event of many lines': inAnswer((size) =>
    streaming([event({ text: 'a\n'.repeat(size / 3) }, {}, true)]),
  ),
  'a large picture in an answer': {
    ...inAnswer((size) =>
      answering([{ inlineData: { mimeType: 'image/png', data: 'A'.repeat(size) } }]),
    ),
    sizes: [600, 6_000, 60_000],
  },
}

/** Thoughts are shown, in tags or beside the answer. */
function showing(thought_tag_marker?: string): object {
  const thinking_config = { include_thoughts: true }
  return { extra_body: { google: { thinking_config, thought_tag_marker } } }
}

function text(at: number): object {
  return { text: `word ${at} ` }
}

function oneCall(at: number): object {
  return { functionCall: { name: 'look_up', args: { query: `number ${at}` } } }
}

function oneCallOf(_: unknown, at: number): object {
  return oneCall(at)
}

function pieceOf(name: string) {
  return (at: number) => ({
    functionCall: {
      ...(at === 0 && { name: 'look_up' }),
      partialArgs: [{ jsonPath: `$.${name}`, stringValue: `word ${at} `, willContinue: true }],
      willContinue: true,
    },
  })
}

/** Grounding of the words at these places. */
function sources(places: number[]): object {
  return {
    groundingChunks: places.map((at) => ({
      web: { uri: `https://example.com/${at}`, title: 'A' },
    })),
    groundingSupports: places.map((at) => ({ segment: place(at), groundingChunkIndices: [at] })),
  }
}

function place(at: number): object {
  return { startIndex: at * 5, endIndex: at * 5 + 4 }
}

function choices(length: number): object {
  const candidates = Array.from({ length }, (_, index) => ({
    index,
    content: { parts: [{ text: sentence }], role: 'model' },
    finishReason: 'STOP',
  }))
  return { candidates }
}

function inEvents(of: (at: number) => object, more: object = {}): GrowingWork {
  return { unit: 'event', of: (size) => streaming(eventsOf(size, of), more), sizes }
}

function inAnswer(of: (bytes: number) => ReturnType<GrowingWork['of']>): GrowingWork {
  return { unit: 'kB', of: (size) => of(size * 1_000), sizes: [160, 1_600, 16_000] }
}

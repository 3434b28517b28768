import type { Experience } from './two-clients.ts'

/** What a client must see. */
export type Must = Answers | Refuses | Breaks

/** The complete text, as if nothing had happened. */
export interface Answers extends Tries {
  comes: 'answer'
  /** Characters `x` that the fault put into the text. */
  inserted?: number
  /** The gateway had to wait for so long. */
  afterMs?: number
  /** The client hears comments while it waits. */
  comments?: boolean
}

/** An HTTP status and OpenAI's error, and not one word of an answer. */
export interface Refuses extends Tries {
  comes: 'refusal'
  status: number
  codes: readonly string[]
  headers?: Record<string, string>
  /** No later than this. */
  withinMs?: number
}

/** A status 200 and what came before the fault, then one error event. */
export interface Breaks {
  comes: 'break'
  /** How many events of the healthy stream the client keeps. */
  kept: number
  /** The HTTP status that the error would have had before the first byte. */
  status: number
  codes: readonly string[]
  withinMs?: number
  /** The client hears comments while it waits. */
  comments?: boolean
}

interface Tries {
  /** What `x-pollux-attempts` says; absent for one. */
  tries?: number
  /** How often Google is asked, where that is another number. */
  asked?: number
}

/** It makes no difference. */
export function answers(more: Omit<Answers, 'comes'> = {}): Answers {
  return { comes: 'answer', ...more }
}

/** Nothing of an answer has gone out: there still is a status. */
export function refuses(
  status: number,
  code: string | readonly string[],
  more: Omit<Refuses, 'comes' | 'status' | 'codes'> = {},
): Refuses {
  return { comes: 'refusal', status, codes: [code].flat(), ...more }
}

/** Something has gone out. */
export function breaks(
  kept: number,
  status: number,
  code: string,
  more: Pick<Breaks, 'withinMs' | 'comments'> = {},
): Breaks {
  return { comes: 'break', kept, status, codes: [code], ...more }
}

/** For the report. */
export function inWords(must: Must): string {
  switch (must.comes) {
    case 'answer':
      return 'the answer'
    case 'refusal':
      return `${must.status} ${must.codes[0]}`.trim()
    case 'break':
      return `${must.kept} events and ${must.codes[0]}`
  }
}

/** What is wrong with what a client saw. */
export function complaintsOf(must: Must, seen: Experience, pieces: readonly string[]): string[] {
  switch (must.comes) {
    case 'answer': {
      const text = must.inserted === undefined ? seen.text : seen.text.replace(/x+/, '')
      const inserted = seen.text.length - text.length
      const wanted = must.inserted === undefined || text !== '' ? pieces.join('') : ''
      return [
        ...seen.complaints,
        ...differ('status', seen.status, 200),
        ...differ('error', seen.error?.code, undefined),
        ...differ('text', text, wanted),
        ...differ('ends', seen.finished.join(), 'stop'),
        ...(inserted < (must.inserted ?? 0) ? [`only ${inserted} characters were put in`] : []),
        ...(seen.tookMs < (must.afterMs ?? 0) ? [`took ${Math.round(seen.tookMs)} ms`] : []),
        ...differ('tries', seen.headers.get('x-pollux-attempts'), triesOf(must)),
        ...complaintsOfSilence(must, seen),
      ]
    }
    case 'refusal':
      return [
        ...seen.complaints,
        ...differ('status', seen.status, must.status),
        ...differ('text', seen.text, ''),
        ...differ('ends', seen.finished.join(), ''),
        ...complaintsOfCode(must.codes, seen),
        ...differ('type', seen.error?.type, typeOf(must.status)),
        ...differ('tries', seen.headers.get('x-pollux-attempts'), triesOf(must)),
        ...Object.entries(must.headers ?? {}).flatMap(([name, value]) =>
          differ(name, seen.headers.get(name), value),
        ),
        ...complaintsOfTime(must.withinMs, seen),
      ]
    case 'break':
      return [
        ...seen.complaints,
        // The official client has no status for an error that comes in a stream.
        ...differ('status', seen.status ?? 200, 200),
        ...differ('text', seen.text, pieces.slice(0, must.kept).join('')),
        ...differ('ends', seen.finished.join(), ''),
        ...complaintsOfCode(must.codes, seen),
        ...differ('type', seen.error?.type, typeOf(must.status)),
        ...complaintsOfTime(must.withinMs, seen),
        ...complaintsOfSilence(must, seen),
      ]
  }
}

/** OpenAI's type of error for an HTTP status. */
function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error'
  if (status === 503) return 'service_unavailable_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

function complaintsOfSilence(must: Answers | Breaks, { comments }: Experience): string[] {
  return must.comments === true && comments === 0 ? ['no comment came'] : []
}

function triesOf({ tries }: { tries?: number }): string | null {
  return tries === undefined ? null : String(tries)
}

function complaintsOfCode(codes: readonly string[], { error }: Experience): string[] {
  if (error === undefined) return ['there is no error']
  return codes.includes(error.code ?? '')
    ? []
    : [`code is ${error.code}, not ${codes.join(' or ')}`]
}

function complaintsOfTime(withinMs: number | undefined, { tookMs }: Experience): string[] {
  return tookMs > (withinMs ?? Infinity) ? [`${late} ${Math.round(tookMs)} ms`] : []
}

const late = 'came as late as'

/** Whether nothing but the clock is at fault. */
export function isMerelyLate(complaints: readonly string[]): boolean {
  return complaints.length > 0 && complaints.every((one) => one.startsWith(late))
}

/** A complaint where two values are not the same. */
export function differ(what: string, seen: unknown, wanted: unknown): string[] {
  if (seen === wanted) return []
  const [is, not] = [seen, wanted]
    .map((value) => String(value))
    .map((text) => (text.length > 60 ? `${text.slice(0, 30)}… (${text.length})` : text))
  return [`${what} is ${is}, not ${not}`]
}

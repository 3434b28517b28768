import { StringDecoder } from 'node:string_decoder'
import { badGateway } from '../errors.ts'

/** Bytes below this are letters by themselves. */
const firstOfMany = 0x80

/** For all that ends in such a letter: it leaves nothing to remember, and most streams need no decoder of their own. */
const forgetful = new StringDecoder('utf8')

/** The longest event that is read: pictures come in one piece of several MB. */
const longestEvent = 16 * 1024 * 1024

/**
 * Bytes of a text/event-stream -> the data of its events, however the bytes were cut. Also gives the
 * bare JSON that Google writes without `data:` when a stream fails.
 */
export class EventReader {
  /** Letters of more than one byte are cut in two by the network; from the first that may be, this remembers. */
  #decoder: StringDecoder | undefined
  /** Whether nothing has come yet: a byte order mark may come first. */
  #fresh = true
  /** Pieces of a line whose end has not come; joined only then, so that long lines cost no more. */
  #line: string[] = []
  /** The `data` lines of an event that no blank line has ended yet. */
  #data: string[] = []
  /** Lines that belong to no event: an error in plain JSON. */
  #bare: string[] = []
  /** Bare lines stay held: they are one text, to the end of the stream. */
  #bareLength = 0
  /** Characters held back, against an event without end. */
  #held = 0
  /** A CR at the end of a piece may be half of a CRLF. */
  #afterCr = false

  push(bytes: Uint8Array): string[] {
    const text = this.#decode(bytes)
    if (!this.#fresh || text === '') return this.#read(text)
    this.#fresh = false
    return this.#read(text.startsWith('\uFEFF') ? text.slice(1) : text)
  }

  /** What the end of the stream completes. */
  finish(): string[] {
    const events = this.#read(this.#decoder?.end() ?? '')
    if (this.#line.length > 0) this.#endLine('', events)
    this.#endEvent(events)
    const bare = this.#bare.join('\n').trim()
    return bare === '' ? events : [...events, bare]
  }

  #decode(bytes: Uint8Array): string {
    const whole = (bytes.at(-1) ?? 0) < firstOfMany
    if (!whole) this.#decoder ??= new StringDecoder('utf8')
    return (this.#decoder ?? forgetful).write(bytes)
  }

  #read(text: string): string[] {
    const events: string[] = []
    let start = this.#afterCr && text.startsWith('\n') ? 1 : 0
    if (text !== '') this.#afterCr = false
    let lf = text.indexOf('\n', start)
    let cr = text.indexOf('\r', start)
    while (lf !== -1 || cr !== -1) {
      const end = lf === -1 || (cr !== -1 && cr < lf) ? cr : lf
      this.#endLine(text.slice(start, end), events)
      this.#afterCr = end === cr && end === text.length - 1
      start = end + (end === cr && lf === end + 1 ? 2 : 1)
      // Looked for again only where it was passed: the next may be far away.
      if (lf !== -1 && lf < start) lf = text.indexOf('\n', start)
      if (cr !== -1 && cr < start) cr = text.indexOf('\r', start)
    }
    if (start < text.length) this.#hold(text.slice(start))
    return events
  }

  #hold(piece: string): void {
    this.#line.push(piece)
    this.#grow(piece)
  }

  #endLine(end: string, events: string[]): void {
    const line = this.#line.length === 0 ? end : [...this.#line, end].join('')
    this.#line = []
    if (line === '') return this.#endEvent(events)
    this.#grow(end)
    if (line.startsWith('data:')) this.#data.push(line.slice(line[5] === ' ' ? 6 : 5))
    else if (!isField(line)) {
      this.#bare.push(line)
      this.#bareLength += line.length
    }
  }

  #endEvent(events: string[]): void {
    this.#held = this.#bareLength
    if (this.#data.length === 0) return
    const data = this.#data.length === 1 ? this.#data[0] : this.#data.join('\n')
    this.#data = []
    if (data !== undefined) events.push(data)
  }

  #grow(text: string): void {
    this.#held += text.length
    if (this.#held > longestEvent) throw badGateway('Gemini sent an event longer than 16 MiB.')
  }
}

/** Comments, and fields that Gemini never uses. */
function isField(line: string): boolean {
  return /^(:|event:|id:|retry:|event$|id$|retry$)/.test(line)
}

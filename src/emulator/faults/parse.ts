import { Argument, unreadable } from './argument.ts'
import { type Fault, healthy } from './fault.ts'
import { faultWords } from './words.ts'

/** The fault that some texts ask for together; throws the emulator's own 400 if one cannot be read. */
export function parseFault(texts: string[]): Fault {
  const words = texts.flatMap((text) => text.split(/[;,]/)).map((word) => word.trim())
  const given = words.filter((word) => word !== '').map((word) => new Argument(word))
  const names = given.map(({ name }) => name)
  const fault = given.reduce((sum, argument) => ({ ...sum, ...read(argument) }), healthy)
  given.forEach((argument, i) => {
    if (names.indexOf(argument.name) < i) throw argument.error('it is given twice')
  })
  if (names.filter((name) => forms.includes(name)).length > 1) {
    throw unreadable(words.join(';'), `an error looks like one of ${forms.join(', ')}`)
  }
  checkTogether(fault, words.join(';'))
  return fault.times === undefined ? fault : { key: words.join(';'), ...fault }
}

const forms = ['error-array', 'error-html', 'error-empty']

function read(argument: Argument): Fault {
  const word = faultWords[argument.name]
  if (word) return word.read(argument)
  throw argument.error(`the faults are ${Object.keys(faultWords).join(', ')}`)
}

function checkTogether(fault: Fault, text: string): void {
  const { status, retryInfo, retryAfter, key, times, reset, fin, stall, error, form } = fault
  if (status === undefined && (retryInfo ?? retryAfter) !== undefined) {
    throw unreadable(text, 'retry-info and retry-after go with a status')
  }
  if (key !== undefined && times === undefined) throw unreadable(text, 'a key goes with times')
  if ([reset, fin, stall].filter(Boolean).length > 1) {
    throw unreadable(text, 'an answer ends by one of reset, fin and stall')
  }
  if (error && (form === 'html' || form === 'empty')) {
    throw unreadable(text, 'an error among events is an object or an array')
  }
}

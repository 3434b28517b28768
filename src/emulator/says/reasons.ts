/** How an answer looks that ends for a reason of its own. */
export interface Ending {
  /** How much of the text is still said. */
  text: 'all' | 'half' | 'none'
  finishMessage?: string
  /** The category that was too likely. */
  blockedFor?: string
  /** Whether the text is found elsewhere. */
  recites?: boolean
  /** Whether a function is called that nobody declared. */
  callsUndeclared?: boolean
}

/** Every finish reason of both backends, and what an answer that ends with it looks like. */
export const endings: Record<string, Ending> = {
  STOP: { text: 'all' },
  MAX_TOKENS: { text: 'half' },
  SAFETY: { text: 'half', blockedFor: 'HARM_CATEGORY_DANGEROUS_CONTENT' },
  RECITATION: { text: 'half', recites: true },
  LANGUAGE: { text: 'none', finishMessage: 'The language of the response is not supported.' },
  OTHER: {
    text: 'none',
    finishMessage: 'Model failed to generate content due to an internal error.',
  },
  BLOCKLIST: { text: 'none', finishMessage: 'The response contains a term of a blocklist.' },
  PROHIBITED_CONTENT: { text: 'none', finishMessage: 'The response is prohibited.' },
  SPII: { text: 'none', finishMessage: 'The response contains personal information.' },
  MALFORMED_FUNCTION_CALL: {
    text: 'none',
    finishMessage: 'Malformed function call: print(default_api.',
  },
  IMAGE_SAFETY: {
    text: 'none',
    finishMessage: 'Unable to show the generated image: it is against the safety policies.',
  },
  IMAGE_PROHIBITED_CONTENT: {
    text: 'none',
    finishMessage: 'Unable to show the generated image: its content is prohibited.',
  },
  IMAGE_OTHER: { text: 'none', finishMessage: 'Unable to show the generated image.' },
  NO_IMAGE: { text: 'all', finishMessage: 'The model was expected to generate an image.' },
  IMAGE_RECITATION: {
    text: 'none',
    finishMessage: 'Unable to show the generated image: it is too close to another.',
  },
  UNEXPECTED_TOOL_CALL: {
    text: 'none',
    callsUndeclared: true,
    finishMessage:
      'Unexpected tool call: Model tried to call an undeclared function: undeclared_function',
  },
  TOO_MANY_TOOL_CALLS: { text: 'none', finishMessage: 'Too many consecutive tool calls.' },
  MISSING_THOUGHT_SIGNATURE: { text: 'none', finishMessage: 'A thought signature is missing.' },
  MALFORMED_RESPONSE: { text: 'none', finishMessage: 'The response could not be parsed.' },
  MODEL_ARMOR: { text: 'none', finishMessage: 'The response violated Model Armor filters.' },
  FINISH_REASON_UNSPECIFIED: { text: 'all' },
}

/** How an answer ends for a reason, those nobody knows yet included. */
export function endingOf(reason: string): Ending {
  return endings[reason] ?? { text: 'half', finishMessage: `The response ended: ${reason}.` }
}

/** Every block reason of both backends, with the sentence Vertex AI says it in. */
export const blockReasons: Record<string, string> = {
  SAFETY: 'The prompt was blocked due to safety.',
  OTHER: 'The prompt was blocked for another reason.',
  BLOCKLIST: 'The prompt contains a term of a blocklist.',
  PROHIBITED_CONTENT: 'The prompt was blocked due to prohibited content.',
  IMAGE_SAFETY: 'The prompt was blocked due to an unsafe image.',
  MODEL_ARMOR: 'The prompt violated Prompt Injection and Jailbreak filters.',
  JAILBREAK: 'The prompt was blocked as an attempt to jailbreak.',
  BLOCKED_REASON_UNSPECIFIED: 'The prompt was blocked.',
}

import { tryParseJson } from '../translate/json.ts'

/** A text from an upstream without the credentials that it was asked with: refusals may repeat them. */
export function redacted(text: string, asked: Record<string, string>): string {
  // JSON is written anew first: its letters may be escaped.
  const parsed = tryParseJson(text)
  const plain = parsed === undefined ? text : JSON.stringify(parsed)
  return credentialsIn(asked).reduce((clean, one) => clean.replaceAll(one, '[redacted]'), plain)
}

function credentialsIn(headers: Record<string, string>): string[] {
  const { authorization = '', 'x-goog-api-key': key = '' } = headers
  // A shorter one is nobody's secret, and its letters may be part of any word.
  return [authorization.replace(/^Bearer +/i, ''), key].filter((secret) => secret.length >= 8)
}

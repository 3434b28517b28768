import type { Canaries } from './canaries.ts'

/** Environments with a mistake in or beside a variable that holds a secret. */
export function wrongEnvironments(canaries: Canaries, folder: string): Record<string, string>[] {
  const key = (beginning = 'sk-') => canaries.make('a secret in a wrong setting', beginning)
  const redis = (url: string) => ({ REDIS_URL: url.replace('KEY', key('')) })
  const endpoints = (json: string) => ({ POLLUX_ENDPOINTS: json.replace('KEY', key()) })
  return [
    { POLLUX_API_KEYS: key(), POLLUX_AUTH: 'none' },
    { POLLUX_API_KEYS: key(), POLLUX_AUTH: 'passthrough' },
    { POLLUX_API_KEYS: key(), POLLUX_AUTH: key() },
    { POLLUX_API_KEYS: key(), POLLUX_RETRIES: 'many' },
    { POLLUX_API_KEYS_FILE: key() },
    { POLLUX_API_KEYS_FILE: folder, POLLUX_API_KEYS: key() },
    { POLLUX_API_KEY: key(), PORT: 'x' },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_API_KEY: key('AIza'), PORT: key() },
    { GEMINI_API_KEY: key('AIza'), LOG_LEVEL: key() },
    { GEMINI_API_KEY: key('AIza'), HOST: '192.0.2.1' },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_GEMINI_BASE_URL: `not a url ${key()}` },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_GEMINI_BASE_URL: `ftp://u:${key()}@x/` },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_VERTEX_BASE_URL: `//u:${key()}@` },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_GENAI_USE_VERTEXAI: 'true' },
    { GOOGLE_GENAI_USE_VERTEXAI: key() },
    redis('http://:KEY@127.0.0.1:1'),
    redis('KEY'),
    redis('redis://:KEY@127.0.0.1:999999'),
    redis('redis://:KEY@127.0.0.1:1/not-a-number'),
    redis('redis://:%KEY%@127.0.0.1:1'),
    redis('redis://:KEY/?#@127.0.0.1:1'),
    endpoints('{"local":{"url":"http://x/v1","apiKey":"KEY"'),
    endpoints('{"local":{"url":"http://x/v1","apiKey":["KEY"]}}'),
    endpoints('{"local":{"url":"http://x/v1","apikey":"KEY"}}'),
    endpoints('{"local":{"url":"ftp://u:KEY@x/v1"}}'),
    endpoints('{"local":{"apiKey":"KEY"}}'),
    endpoints('["KEY"]'),
    endpoints('KEY'),
    { ...endpoints('{"local":{"url":"http://x/v1","apiKey":"KEY"}}'), POLLUX_AUTH: 'passthrough' },
    endpoints('{"gemma":{"endpoint":"KEY"}}'),
  ]
}

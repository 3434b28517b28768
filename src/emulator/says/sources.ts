import { createHash } from 'node:crypto'
import type { Call } from '../call.ts'
import { type GenerateContentRequest, offers, type Part } from '../request.ts'
import type { GroundingChunk, UrlMetadata } from '../response.ts'
import { keywords, type Prompt } from './prompt.ts'
import { tokensIn } from './usage.ts'

/** What Google's own tools found for an answer. */
export interface Sources {
  kind: 'web' | 'maps' | 'files' | 'pages'
  queries: string[]
  chunks: GroundingChunk[]
  pages: UrlMetadata[]
  /** What the findings add to the prompt. */
  tokens: number
}

const searchTools = {
  googleSearch: 'web',
  googleSearchRetrieval: 'web',
  enterpriseWebSearch: 'web',
  googleMaps: 'maps',
  fileSearch: 'files',
} as const

/** What is found for a prompt, if a tool that finds something is offered. */
export function sourcesFor({ request }: Call, { text }: Prompt): Sources | undefined {
  const found = Object.entries(searchTools).find(([tool]) => offers(request, tool))
  const words = keywords(text).slice(0, 3)
  const subjects = words.length > 0 ? words : ['example']
  if (found) {
    const [, kind] = found
    const chunks = subjects.map((word) => chunkMakers[kind](word, request))
    const queries = [keywords(text).slice(0, 6).join(' ') || 'example']
    return { kind, queries, chunks, pages: [], tokens: 60 + tokensIn(queries.join('')) }
  }
  const urls = offers(request, 'urlContext') ? urlsIn(text) : []
  if (urls.length === 0) return undefined
  const pages = urls.map((url) => ({ retrievedUrl: url, urlRetrievalStatus: statusOf(url) }))
  const read = pages.filter(({ urlRetrievalStatus: status }) => status.endsWith('SUCCESS'))
  const chunks = read.map(({ retrievedUrl: uri }) => ({ web: { uri, title: titleOf(uri) } }))
  return { kind: 'pages', queries: [], chunks, pages, tokens: 40 + 400 * read.length }
}

/** What Google shows below an answer that came from a search. */
export function suggestions([query = '']: string[]): string {
  const href = redirect(query)
  return `<style>\n.container { display: flex; }\n.chip { border-radius: 16px; }\n</style>\n<div class="container">\n  <a class="chip" href="${href}">${query.replace(/[<&]/g, '')}</a>\n</div>\n`
}

const toolTypes = {
  web: 'GOOGLE_SEARCH_WEB',
  maps: 'GOOGLE_MAPS',
  files: 'FILE_SEARCH',
  pages: 'URL_CONTEXT',
}

/** The use of a tool as parts, which only the Developer API shows, and only when asked to. */
export function invocationParts(sources: Sources): Part[] {
  const { kind, queries, pages } = sources
  const toolType = toolTypes[kind]
  switch (kind) {
    case 'web':
      return [
        { toolCall: { toolType, args: { queries } } },
        { toolResponse: { toolType, response: { search_suggestions: suggestions(queries) } } },
      ]
    case 'pages':
      return [
        { toolCall: { toolType, args: { urls: pages.map((page) => page.retrievedUrl) } } },
        { toolResponse: { toolType } },
      ]
    case 'maps':
      return [{ toolCall: { toolType, args: { queries } } }, { toolResponse: { toolType } }]
    case 'files':
      return [{ toolCall: { toolType } }, { toolResponse: { toolType } }]
  }
}

const chunkMakers = {
  web: (word: string): GroundingChunk => ({ web: { uri: redirect(word), title: siteOf(word) } }),
  maps: (word: string): GroundingChunk => ({
    maps: {
      uri: `https://maps.google.com/?cid=${BigInt(`0x${digest(word).slice(0, 15)}`)}`,
      title: `The ${word} place`,
      placeId: `places/ChIJ${digest(word).slice(0, 23)}`,
    },
  }),
  files: (word: string, request: GenerateContentRequest): GroundingChunk => ({
    retrievedContext: {
      text: `What the file says about ${word}.\n`,
      fileSearchStore: storeOf(request),
    },
  }),
}

function storeOf({ tools = [] }: GenerateContentRequest): string {
  const [found] = tools.flatMap(({ fileSearch }) => fileSearch ?? [])
  // The vocabulary has a list of strings there.
  const { fileSearchStoreNames = [] } = (found ?? {}) as { fileSearchStoreNames?: string[] }
  return fileSearchStoreNames[0] ?? 'fileSearchStores/emulated'
}

function urlsIn(text: string): string[] {
  const urls = text.match(/https?:\/\/[^\s<>"'`)\]]+/g) ?? []
  return [...new Set(urls.map((url) => url.replace(/[.,;:!?]{1,20}$/, '')))].slice(0, 20)
}

// `.invalid` never resolves (RFC 2606); the other two are conventions of the emulator.
function statusOf(url: string): string {
  const host = URL.parse(url)?.hostname ?? ''
  if (host === '' || host.endsWith('.invalid')) return 'URL_RETRIEVAL_STATUS_ERROR'
  if (host.startsWith('paywall.')) return 'URL_RETRIEVAL_STATUS_PAYWALL'
  if (host.startsWith('unsafe.')) return 'URL_RETRIEVAL_STATUS_UNSAFE'
  return 'URL_RETRIEVAL_STATUS_SUCCESS'
}

function titleOf(url: string): string {
  return URL.parse(url)?.hostname ?? url
}

function siteOf(word: string): string {
  return `${
    word
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'www'
  }.example`
}

function redirect(of: string): string {
  return `https://vertexaisearch.cloud.google.com/grounding-api-redirect/${digest(of)}`
}

function digest(of: string): string {
  return createHash('sha256').update(of).digest('hex')
}

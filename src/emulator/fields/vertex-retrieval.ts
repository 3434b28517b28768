import { words } from './common.ts'

/** The `retrieval` tool, which only Vertex AI has. */
export const vertexRetrieval: Record<string, Record<string, string>> = {
  Retrieval: {
    disableAttribution: 'bool',
    externalApi: 'ExternalApi',
    vertexAiSearch: 'VertexAISearch',
    vertexRagStore: 'VertexRagStore',
  },
  VertexRagStore: {
    ragCorpora: '[string]',
    ragResources: '[VertexRagStore.RagResource]',
    ragRetrievalConfig: 'RagRetrievalConfig',
    similarityTopK: 'int32',
    storeContext: 'bool',
    vectorDistanceThreshold: 'double',
  },
  'VertexRagStore.RagResource': { ragCorpus: 'string', ragFileIds: '[string]' },
  RagRetrievalConfig: {
    topK: 'int32',
    filter: 'RagRetrievalConfig.Filter',
    hybridSearch: 'RagRetrievalConfig.HybridSearch',
    ranking: 'RagRetrievalConfig.Ranking',
  },
  'RagRetrievalConfig.Filter': {
    metadataFilter: 'string',
    vectorDistanceThreshold: 'double',
    vectorSimilarityThreshold: 'double',
  },
  'RagRetrievalConfig.HybridSearch': { alpha: 'float' },
  'RagRetrievalConfig.Ranking': {
    llmRanker: 'RagRetrievalConfig.Ranking.LlmRanker',
    rankService: 'RagRetrievalConfig.Ranking.RankService',
  },
  'RagRetrievalConfig.Ranking.LlmRanker': { modelName: 'string' },
  'RagRetrievalConfig.Ranking.RankService': { modelName: 'string' },
  VertexAISearch: {
    datastore: 'string',
    engine: 'string',
    filter: 'string',
    maxResults: 'int32',
    dataStoreSpecs: '[VertexAISearch.DataStoreSpec]',
  },
  'VertexAISearch.DataStoreSpec': { dataStore: 'string', filter: 'string' },
  ExternalApi: {
    endpoint: 'string',
    apiSpec: 'ExternalApi.ApiSpec',
    apiAuth: 'ApiAuth',
    authConfig: 'AuthConfig',
    elasticSearchParams: 'ExternalApi.ElasticSearchParams',
    simpleSearchParams: 'ExternalApi.SimpleSearchParams',
  },
  'ExternalApi.ElasticSearchParams': {
    index: 'string',
    numHits: 'int32',
    searchTemplate: 'string',
  },
  'ExternalApi.SimpleSearchParams': {},
  ApiAuth: { apiKeyConfig: 'ApiAuth.ApiKeyConfig' },
  'ApiAuth.ApiKeyConfig': { apiKeySecretVersion: 'string', apiKeyString: 'string' },
  AuthConfig: {
    authType: 'AuthType',
    apiKeyConfig: 'AuthConfig.ApiKeyConfig',
    httpBasicAuthConfig: 'AuthConfig.HttpBasicAuthConfig',
    googleServiceAccountConfig: 'AuthConfig.GoogleServiceAccountConfig',
    oauthConfig: 'AuthConfig.OauthConfig',
    oidcConfig: 'AuthConfig.OidcConfig',
  },
  'AuthConfig.ApiKeyConfig': {
    name: 'string',
    apiKeySecret: 'string',
    apiKeyString: 'string',
    httpElementLocation: 'HttpElementLocation',
  },
  'AuthConfig.HttpBasicAuthConfig': { credentialSecret: 'string' },
  'AuthConfig.GoogleServiceAccountConfig': { serviceAccount: 'string' },
  'AuthConfig.OauthConfig': { accessToken: 'string', serviceAccount: 'string' },
  'AuthConfig.OidcConfig': { idToken: 'string', serviceAccount: 'string' },
}

/** Enums of the messages above. */
export const vertexRetrievalEnums: Record<string, string[]> = {
  'ExternalApi.ApiSpec': words('API_SPEC_UNSPECIFIED SIMPLE_SEARCH ELASTIC_SEARCH'),
  AuthType: words(
    'AUTH_TYPE_UNSPECIFIED NO_AUTH API_KEY_AUTH HTTP_BASIC_AUTH GOOGLE_SERVICE_ACCOUNT_AUTH OAUTH OIDC_AUTH',
  ),
  HttpElementLocation: words('UNSPECIFIED QUERY HEADER PATH BODY COOKIE').map(
    (name) => `HTTP_IN_${name}`,
  ),
}

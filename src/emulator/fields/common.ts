/** Messages both APIs declare alike. */
export const commonMessages: Record<string, Record<string, string>> = {
  Content: { role: 'string', parts: '[Part]' },
  VideoMetadata: { startOffset: 'duration', endOffset: 'duration', fps: 'double' },
  ExecutableCode: { id: 'string', language: 'ExecutableCode.Language', code: 'string' },
  CodeExecutionResult: {
    id: 'string',
    outcome: 'CodeExecutionResult.Outcome',
    output: 'string',
  },
  FunctionDeclaration: {
    name: 'string',
    description: 'string',
    behavior: 'FunctionDeclaration.Behavior',
    parameters: 'Schema',
    parametersJsonSchema: 'value',
    response: 'Schema',
    responseJsonSchema: 'value',
  },
  RetrievalConfig: { latLng: 'LatLng', languageCode: 'string' },
  LatLng: { latitude: 'double', longitude: 'double' },
  GoogleSearchRetrieval: { dynamicRetrievalConfig: 'DynamicRetrievalConfig' },
  DynamicRetrievalConfig: {
    mode: 'DynamicRetrievalConfig.Mode',
    dynamicThreshold: 'float',
  },
  SearchTypes: { webSearch: 'WebSearch', imageSearch: 'ImageSearch' },
  WebSearch: {},
  ImageSearch: {},
  UrlContext: {},
  CodeExecution: {},
  ThinkingConfig: {
    includeThoughts: 'bool',
    thinkingBudget: 'int32',
    thinkingLevel: 'ThinkingConfig.ThinkingLevel',
  },
  SpeechConfig: {
    voiceConfig: 'VoiceConfig',
    languageCode: 'string',
    multiSpeakerVoiceConfig: 'MultiSpeakerVoiceConfig',
  },
  MultiSpeakerVoiceConfig: { speakerVoiceConfigs: '[SpeakerVoiceConfig]' },
  SpeakerVoiceConfig: { speaker: 'string', voiceConfig: 'VoiceConfig' },
  PrebuiltVoiceConfig: { voiceName: 'string' },
}

/** The OpenAPI subset, as far as both APIs have it. */
export const commonSchema: Record<string, string> = {
  type: 'Type',
  format: 'string',
  title: 'string',
  description: 'string',
  nullable: 'bool',
  default: 'value',
  enum: '[string]',
  items: 'Schema',
  minItems: 'int64',
  maxItems: 'int64',
  properties: '{Schema}',
  propertyOrdering: '[string]',
  required: '[string]',
  minProperties: 'int64',
  maxProperties: 'int64',
  minLength: 'int64',
  maxLength: 'int64',
  pattern: 'string',
  minimum: 'double',
  maximum: 'double',
  anyOf: '[Schema]',
  example: 'value',
}

/** Settings of generation both APIs have. */
export const commonGenerationConfig: Record<string, string> = {
  candidateCount: 'int32',
  stopSequences: '[string]',
  maxOutputTokens: 'int32',
  temperature: 'float',
  topP: 'float',
  seed: 'int32',
  responseMimeType: 'string',
  responseSchema: 'Schema',
  responseJsonSchema: 'value',
  presencePenalty: 'float',
  frequencyPenalty: 'float',
  responseLogprobs: 'bool',
  logprobs: 'int32',
  responseModalities: '[GenerationConfig.Modality]',
  speechConfig: 'SpeechConfig',
  thinkingConfig: 'ThinkingConfig',
  imageConfig: 'ImageConfig',
  mediaResolution: 'GenerationConfig.MediaResolution',
}

/** Enums both APIs declare alike. */
export const commonEnums: Record<string, string[]> = {
  Type: words('TYPE_UNSPECIFIED STRING NUMBER INTEGER BOOLEAN ARRAY OBJECT NULL'),
  'ExecutableCode.Language': words('LANGUAGE_UNSPECIFIED PYTHON'),
  'CodeExecutionResult.Outcome': words(
    'OUTCOME_UNSPECIFIED OUTCOME_OK OUTCOME_FAILED OUTCOME_DEADLINE_EXCEEDED',
  ),
  'FunctionDeclaration.Behavior': words('UNSPECIFIED BLOCKING NON_BLOCKING'),
  'FunctionResponse.Scheduling': words('SCHEDULING_UNSPECIFIED SILENT WHEN_IDLE INTERRUPT'),
  'FunctionCallingConfig.Mode': words('MODE_UNSPECIFIED AUTO ANY NONE VALIDATED'),
  'DynamicRetrievalConfig.Mode': words('MODE_UNSPECIFIED MODE_DYNAMIC'),
  'ThinkingConfig.ThinkingLevel': words('THINKING_LEVEL_UNSPECIFIED MINIMAL LOW MEDIUM HIGH'),
  'GenerationConfig.MediaResolution': words(
    'MEDIA_RESOLUTION_UNSPECIFIED MEDIA_RESOLUTION_LOW MEDIA_RESOLUTION_MEDIUM MEDIA_RESOLUTION_HIGH',
  ),
  'SafetySetting.HarmBlockThreshold': words(
    'HARM_BLOCK_THRESHOLD_UNSPECIFIED BLOCK_LOW_AND_ABOVE BLOCK_MEDIUM_AND_ABOVE BLOCK_ONLY_HIGH BLOCK_NONE OFF',
  ),
}

/** Names of an enum, written in one line. */
export function words(names: string): string[] {
  return names.split(' ')
}

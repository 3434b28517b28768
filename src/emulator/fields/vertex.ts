import {
  commonEnums,
  commonGenerationConfig,
  commonMessages,
  commonSchema,
  words,
} from './common.ts'
import { vertexResponseFormat, vertexResponseFormatEnums } from './vertex-response-format.ts'
import { vertexRetrieval, vertexRetrievalEnums } from './vertex-retrieval.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What Vertex AI takes, `v1beta1`. */
export const vertex: Vocabulary = {
  package: 'google.cloud.aiplatform.v1beta1',
  messages: {
    ...commonMessages,
    ...vertexRetrieval,
    ...vertexResponseFormat,
    Schema: { ...commonSchema, additionalProperties: 'value', defs: '{Schema}', ref: 'string' },
    GenerateContentRequest: {
      contents: '[Content]',
      systemInstruction: 'Content',
      tools: '[Tool]',
      toolConfig: 'ToolConfig',
      safetySettings: '[SafetySetting]',
      generationConfig: 'GenerationConfig',
      cachedContent: 'string',
      labels: '{string}',
      modelArmorConfig: 'ModelArmorConfig',
    },
    ModelArmorConfig: { promptTemplateName: 'string', responseTemplateName: 'string' },
    Part: {
      text: 'string',
      inlineData: 'Blob',
      fileData: 'FileData',
      functionCall: 'FunctionCall',
      functionResponse: 'FunctionResponse',
      executableCode: 'ExecutableCode',
      codeExecutionResult: 'CodeExecutionResult',
      thought: 'bool',
      thoughtSignature: 'bytes',
      videoMetadata: 'VideoMetadata',
      mediaResolution: 'PartMediaResolution',
      mediaProcessing: 'Part.MediaProcessing',
      audioTranscription: 'AudioTranscription',
    },
    PartMediaResolution: { level: 'PartMediaResolution.Level' },
    AudioTranscription: {
      text: 'string',
      speakerLabel: 'string',
      words: '[AudioTranscription.WordInfo]',
    },
    'AudioTranscription.WordInfo': {
      word: 'string',
      startOffset: 'duration',
      endOffset: 'duration',
    },
    Blob: { mimeType: 'string', data: 'bytes', displayName: 'string' },
    FileData: { mimeType: 'string', fileUri: 'string', displayName: 'string' },
    FunctionCall: {
      id: 'string',
      name: 'string',
      args: 'struct',
      partialArgs: '[PartialArg]',
      willContinue: 'bool',
    },
    PartialArg: {
      jsonPath: 'string',
      stringValue: 'string',
      numberValue: 'double',
      boolValue: 'bool',
      nullValue: 'NullValue',
      willContinue: 'bool',
    },
    FunctionResponse: {
      id: 'string',
      name: 'string',
      response: 'struct',
      parts: '[FunctionResponsePart]',
      scheduling: 'FunctionResponse.Scheduling',
    },
    FunctionResponsePart: {
      inlineData: 'FunctionResponseBlob',
      fileData: 'FunctionResponseFileData',
    },
    FunctionResponseBlob: { mimeType: 'string', data: 'bytes', displayName: 'string' },
    FunctionResponseFileData: { mimeType: 'string', fileUri: 'string', displayName: 'string' },
    Tool: {
      functionDeclarations: '[FunctionDeclaration]',
      googleSearch: 'Tool.GoogleSearch',
      googleSearchRetrieval: 'GoogleSearchRetrieval',
      urlContext: 'UrlContext',
      codeExecution: 'CodeExecution',
      googleMaps: 'GoogleMaps',
      computerUse: 'Tool.ComputerUse',
      retrieval: 'Retrieval',
      enterpriseWebSearch: 'EnterpriseWebSearch',
      exaAiSearch: 'Tool.ExaAiSearch',
      parallelAiSearch: 'Tool.ParallelAiSearch',
    },
    'Tool.GoogleSearch': {
      searchTypes: 'SearchTypes',
      excludeDomains: '[string]',
      blockingConfidence: 'Tool.PhishBlockThreshold',
    },
    'Tool.ComputerUse': {
      environment: 'Tool.ComputerUse.Environment',
      excludedPredefinedFunctions: '[string]',
      enablePromptInjectionDetection: 'bool',
    },
    'Tool.ExaAiSearch': { apiKey: 'string', customConfigs: 'struct' },
    'Tool.ParallelAiSearch': {
      apiKey: 'string',
      customConfigs: 'struct',
      enableDataRetention: 'bool',
      enableZeroDataRetention: 'bool',
    },
    EnterpriseWebSearch: {
      excludeDomains: '[string]',
      blockingConfidence: 'Tool.PhishBlockThreshold',
    },
    GoogleMaps: { enableWidget: 'bool', groundingTypes: 'GoogleMaps.GroundingTypes' },
    'GoogleMaps.GroundingTypes': { places: 'GoogleMaps.Places', routing: 'GoogleMaps.Routing' },
    'GoogleMaps.Places': {},
    'GoogleMaps.Routing': {},
    ToolConfig: {
      functionCallingConfig: 'FunctionCallingConfig',
      retrievalConfig: 'RetrievalConfig',
    },
    FunctionCallingConfig: {
      mode: 'FunctionCallingConfig.Mode',
      allowedFunctionNames: '[string]',
      streamFunctionCallArguments: 'bool',
    },
    SafetySetting: {
      category: 'HarmCategory',
      threshold: 'SafetySetting.HarmBlockThreshold',
      method: 'SafetySetting.HarmBlockMethod',
    },
    GenerationConfig: {
      ...commonGenerationConfig,
      topK: 'float',
      audioTimestamp: 'bool',
      audioTranscriptionConfig: 'AudioTranscriptionConfig',
      enableAffectiveDialog: 'bool',
      modelConfig: 'GenerationConfig.ModelConfig',
      responseFormat: '[ResponseFormat]',
      routingConfig: 'GenerationConfig.RoutingConfig',
      translationConfig: 'TranslationConfig',
    },
    'GenerationConfig.ModelConfig': {
      featureSelectionPreference: 'GenerationConfig.ModelConfig.FeatureSelectionPreference',
    },
    'GenerationConfig.RoutingConfig': {
      autoMode: 'GenerationConfig.RoutingConfig.AutoRoutingMode',
      manualMode: 'GenerationConfig.RoutingConfig.ManualRoutingMode',
    },
    'GenerationConfig.RoutingConfig.AutoRoutingMode': {
      modelRoutingPreference: 'ModelRoutingPreference',
    },
    'GenerationConfig.RoutingConfig.ManualRoutingMode': { modelName: 'string' },
    TranslationConfig: { targetLanguageCode: 'string', echoTargetLanguage: 'bool' },
    VoiceConfig: {
      prebuiltVoiceConfig: 'PrebuiltVoiceConfig',
      replicatedVoiceConfig: 'ReplicatedVoiceConfig',
    },
    ReplicatedVoiceConfig: { mimeType: 'string', voiceSampleAudio: 'bytes' },
    ImageConfig: {
      aspectRatio: 'string',
      imageSize: 'string',
      imageOutputOptions: 'ImageConfig.ImageOutputOptions',
      personGeneration: 'ImageConfig.PersonGeneration',
      prominentPeople: 'ImageConfig.ProminentPeople',
    },
    'ImageConfig.ImageOutputOptions': { mimeType: 'string', compressionQuality: 'int32' },
  },
  enums: {
    ...commonEnums,
    ...vertexRetrievalEnums,
    ...vertexResponseFormatEnums,
    NullValue: words('NULL_VALUE'),
    'Part.MediaProcessing': words('MEDIA_PROCESSING_UNSPECIFIED STATIC AGENTIC'),
    'PartMediaResolution.Level': words('UNSPECIFIED LOW MEDIUM HIGH ULTRA_HIGH').map(
      (name) => `MEDIA_RESOLUTION_${name}`,
    ),
    'Tool.ComputerUse.Environment': words('UNSPECIFIED BROWSER MOBILE DESKTOP').map(
      (name) => `ENVIRONMENT_${name}`,
    ),
    'Tool.PhishBlockThreshold': [
      'PHISH_BLOCK_THRESHOLD_UNSPECIFIED',
      ...words(
        'LOW_AND_ABOVE MEDIUM_AND_ABOVE HIGH_AND_ABOVE HIGHER_AND_ABOVE VERY_HIGH_AND_ABOVE ONLY_EXTREMELY_HIGH',
      ).map((name) => `BLOCK_${name}`),
    ],
    'SafetySetting.HarmBlockMethod': words('HARM_BLOCK_METHOD_UNSPECIFIED SEVERITY PROBABILITY'),
    HarmCategory: words(
      'UNSPECIFIED HATE_SPEECH DANGEROUS_CONTENT HARASSMENT SEXUALLY_EXPLICIT CIVIC_INTEGRITY IMAGE_HATE IMAGE_DANGEROUS_CONTENT IMAGE_HARASSMENT IMAGE_SEXUALLY_EXPLICIT JAILBREAK',
    ).map((name) => `HARM_CATEGORY_${name}`),
    'GenerationConfig.Modality': words('MODALITY_UNSPECIFIED TEXT IMAGE AUDIO VIDEO'),
    'GenerationConfig.ModelConfig.FeatureSelectionPreference': words(
      'FEATURE_SELECTION_PREFERENCE_UNSPECIFIED PRIORITIZE_QUALITY BALANCED PRIORITIZE_COST',
    ),
    ModelRoutingPreference: words('UNKNOWN PRIORITIZE_QUALITY BALANCED PRIORITIZE_COST'),
    'ImageConfig.PersonGeneration': words(
      'PERSON_GENERATION_UNSPECIFIED ALLOW_ALL ALLOW_ADULT ALLOW_NONE',
    ),
    'ImageConfig.ProminentPeople': words(
      'PROMINENT_PEOPLE_UNSPECIFIED ALLOW_PROMINENT_PEOPLE BLOCK_PROMINENT_PEOPLE',
    ),
  },
  oneofs: {
    Part: {
      data: words(
        'text inlineData fileData functionCall functionResponse executableCode codeExecutionResult',
      ),
    },
  },
}

import { words } from './common.ts'

/** Output formats and transcription, which only Vertex AI lets a request ask for. */
export const vertexResponseFormat: Record<string, Record<string, string>> = {
  ResponseFormat: {
    text: 'TextResponseFormat',
    image: 'ImageResponseFormat',
    audio: 'AudioResponseFormat',
    video: 'VideoResponseFormat',
  },
  TextResponseFormat: { mimeType: 'TextResponseFormat.MimeType', schema: 'value' },
  ImageResponseFormat: {
    mimeType: 'ImageResponseFormat.MimeType',
    delivery: 'Delivery',
    aspectRatio: 'ImageResponseFormat.AspectRatio',
    imageSize: 'ImageResponseFormat.ImageSize',
  },
  AudioResponseFormat: {
    mimeType: 'AudioResponseFormat.MimeType',
    delivery: 'Delivery',
    sampleRate: 'int32',
    bitRate: 'int32',
  },
  VideoResponseFormat: {
    delivery: 'Delivery',
    aspectRatio: 'VideoResponseFormat.AspectRatio',
    resolution: 'string',
    duration: 'duration',
    gcsUri: 'string',
  },
  AudioTranscriptionConfig: {
    mode: 'AudioTranscriptionConfig.Mode',
    languageCodes: '[string]',
    languageHints: 'AudioTranscriptionConfig.LanguageHints',
    languageAuto: 'AudioTranscriptionConfig.LanguageAuto',
    adaptationPhrases: '[string]',
    customVocabulary: '[string]',
    diarization: 'bool',
    wordTimestamp: 'bool',
  },
  'AudioTranscriptionConfig.LanguageHints': { languageCodes: '[string]' },
  'AudioTranscriptionConfig.LanguageAuto': {},
}

const ratios =
  'ONE_BY_ONE TWO_BY_THREE THREE_BY_TWO THREE_BY_FOUR FOUR_BY_THREE FOUR_BY_FIVE FIVE_BY_FOUR NINE_BY_SIXTEEN SIXTEEN_BY_NINE TWENTY_ONE_BY_NINE ONE_BY_EIGHT EIGHT_BY_ONE ONE_BY_FOUR FOUR_BY_ONE'

/** Enums of the messages above. */
export const vertexResponseFormatEnums: Record<string, string[]> = {
  Delivery: words('DELIVERY_UNSPECIFIED INLINE URI'),
  'TextResponseFormat.MimeType': words('MIME_TYPE_UNSPECIFIED APPLICATION_JSON TEXT_PLAIN'),
  'ImageResponseFormat.MimeType': words('MIME_TYPE_UNSPECIFIED IMAGE_JPEG'),
  'ImageResponseFormat.AspectRatio': words(`UNSPECIFIED ${ratios}`).map(
    (name) => `ASPECT_RATIO_${name}`,
  ),
  'ImageResponseFormat.ImageSize': words('UNSPECIFIED FIVE_TWELVE ONE_K TWO_K FOUR_K').map(
    (name) => `IMAGE_SIZE_${name}`,
  ),
  'AudioResponseFormat.MimeType': [
    'MIME_TYPE_UNSPECIFIED',
    ...words('MP3 OGG_OPUS L16 WAV ALAW MULAW').map((name) => `AUDIO_${name}`),
  ],
  'VideoResponseFormat.AspectRatio': words('UNSPECIFIED SIXTEEN_BY_NINE NINE_BY_SIXTEEN').map(
    (name) => `ASPECT_RATIO_${name}`,
  ),
  'AudioTranscriptionConfig.Mode': words('MODE_UNSPECIFIED VERBATIM SMART'),
}

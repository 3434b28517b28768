/** An event of Gemini's, or a whole response, with a text and perhaps the reason why it ends. */
export function said(text: string, finishReason?: string): object {
  return {
    candidates: [
      { content: { parts: [{ text }], role: 'model' }, ...(finishReason && { finishReason }) },
    ],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: 'gemini-2.5-flash',
  }
}

/** Google's error object. */
export function googleError(code: number, status: string, message: string): object {
  return { error: { code, message, status } }
}

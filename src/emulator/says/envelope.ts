/** What the answer carries besides its content. */
export interface Envelope {
  responseId: string
  createTime: string
  trafficType: string
  /** Names calls apart where the backend does. */
  callId: () => string
}

import type { Backend, Model } from './models.ts'
import type { GenerateContentRequest } from './request.ts'

/** A request together with the door it came through and the model it is for. */
export interface Call {
  request: GenerateContentRequest
  backend: Backend
  model: Model
}

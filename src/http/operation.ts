import type { Readable } from 'node:stream'
import type Type from 'typebox'
import type { Store } from '../store/store.ts'
import type { Parameters, RawQuery } from './query.ts'

/** What an operation needs of the server. */
export interface ApiContext {
  readonly store: Store
  /** Unix milliseconds. */
  readonly clock: () => number
}

/** One authenticated request. */
export interface ApiRequest {
  readonly accountSid: string
  /** Scheme, host and path prefix that the client used, without a slash at the end. */
  readonly baseUrl: string
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: RawQuery
  /** The bytes of the body; none for a request without a body. */
  readonly body: Buffer
}

/** The body of an answer. A stream is sent as it is read; undefined is answered as 204, without a body. */
export type Answer = string | Readable | undefined

/** One operation of the API: its route, its entry in the OpenAPI document, and what it does. */
export interface Operation {
  /** The operationId of the OpenAPI document. */
  readonly id: string
  readonly tag: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With `{Name}` for a path parameter. */
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly parameters: Parameters
  /** The media type of the answer, which is text in UTF-8; `application/json` if none is given. */
  readonly mediaType?: string
  /** The schema of the answer's body; undefined for an operation that answers 204. */
  readonly response?: Type.TSchema
  /** The answer to a request. Throws ApiError. */
  run(context: ApiContext, request: ApiRequest): Promise<Answer>
}

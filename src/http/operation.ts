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
  /** Scheme, host and prefix that the client used, without a slash at the end. */
  readonly baseUrl: string
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: RawQuery
}

/** One operation of the API: its route, its entry in the OpenAPI, and what it does. All are GET. */
export interface Operation {
  readonly id: string
  readonly tag: string
  /** With `{Name}` for a path parameter. */
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly parameters: Parameters
  readonly response: Type.TSchema
  /** The body, as JSON. Throws ApiError. */
  run(context: ApiContext, request: ApiRequest): Promise<string>
}

import type { Json } from './json.ts'

/** One message of a feed, in the form in which it is kept: JSON without secrets and addresses. */
export interface Payload {
  /** Unique within the feed: the same key again is the same payload. */
  readonly key: string
  readonly value: Json
  /** The latest moment that the payload states, in unix milliseconds. A payload of the future is kept and not reduced. */
  readonly latestMs?: number
  /** True for a payload that is only kept where it leads to events, such as statistics that come every second. */
  readonly isTransient?: true
}

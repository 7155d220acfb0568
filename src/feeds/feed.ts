import type Type from 'typebox'
import type { Event } from '../event.ts'

/** One request to a feed, as it came. */
export interface Delivery {
  readonly method: string
  /** The absolute URL that the sender used, with its query. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** What a delivery tells: events, and payloads that tell of no room or are not understood. */
export interface Decoded {
  readonly events: readonly { readonly event: Event; readonly native: string }[]
  readonly kept: readonly { readonly payloadKey: string; readonly reason: string; readonly native: string }[]
}

/**
 * One stack's way of telling what happens in its rooms. Pure: nothing here reads a clock, a store or a network.
 */
export interface Feed {
  readonly kind: string
  readonly path: string
  readonly methods: readonly ('GET' | 'POST')[]
  /** One line for the reference and for `rollcall feed add --help`. */
  readonly summary: string
  /** The schema of a body, where it is of our own making. */
  readonly body?: Type.TSchema
  /** True where what `claim` finds is made of the secret itself, and is not to be shown. */
  readonly claimIsSecret?: true
  /** What the feed's row is found by. Throws UnauthenticError where the delivery names nothing. */
  claim(delivery: Delivery): string
  /** Throws UnauthenticError unless the delivery is signed with this secret. */
  verify(delivery: Delivery, secret: string, nowMs: number): void
  /** Throws JunkError for a body that cannot be read; what is read but not understood is in `kept`. */
  decode(delivery: Delivery, accountSid: string): Decoded
  /** Headers of the 503 that is answered when nothing can be stored now, so that the sender tries again. */
  readonly unavailableHeaders: Readonly<Record<string, string>>
}

/** The delivery is not proved to come from whom it names; the message says why, without any secret. */
export class UnauthenticError extends Error {
  override name = 'UnauthenticError'
}

/** The body is not what this feed sends; the message names what is wrong. */
export class JunkError extends Error {
  override name = 'JunkError'
}

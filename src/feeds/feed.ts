import type Type from 'typebox'
import type { Event } from '../event.ts'
import type { Json } from './json.ts'
import type { Memory } from './memory.ts'

/** One request to a feed, as it came; a message of a WebSocket is told as one. */
export interface Delivery {
  readonly method: string
  /** The absolute URL that the sender used, with its query. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** What the feed's path leaves open: `{token}`. */
  readonly params: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** Whose deliveries these are. SIDs from keys that are unique within one server only are made with the feed's id. */
export interface Source {
  readonly accountSid: string
  readonly feedId: string
}

/** What a delivery tells: events, and payloads that tell of no room or are not understood. */
export interface Decoded {
  readonly events: readonly { readonly event: Event; readonly native: string }[]
  readonly kept: readonly { readonly payloadKey: string; readonly reason: string; readonly native: string }[]
  /** What only `link` can tell the events of, in the order in which it came. */
  readonly payloads?: readonly Payload[]
}

/** One payload that means something only after others. */
export interface Payload {
  /** The same key again is the same payload. */
  readonly payloadKey: string
  /** Of the source, in unix milliseconds. */
  readonly atMs: number
  readonly value: Json
  /** The payload as JSON, secrets stripped; undefined for what is heeded and not kept. */
  readonly native: string | undefined
}

/** What follows from a payload and from what was before it. */
export interface Linked {
  readonly events: readonly Event[]
  /** Stays that turn out to belong to another room than the one in which they were told. */
  readonly moves?: readonly Move[]
  /** A SID that was given to an instance of a room, and what it was given for. */
  readonly claims?: readonly { readonly roomSid: string; readonly instance: string }[]
  /** Why nothing follows. */
  readonly reason?: string
}

export interface Move {
  readonly participantSid: string
  readonly fromRoomSid: string
  readonly toRoomSid: string
  readonly atMs: number
}

/** The silence of now. */
export interface Quiet {
  readonly nowMs: number
  /** True where nothing kept us from hearing what the feed told during the `ms` after a moment. */
  wasHeard(fromMs: number, ms: number): boolean
}

/**
 * One stack's way of telling what happens in its rooms. Pure: nothing here reads a clock, a store or a network; what
 * is remembered is handed in.
 */
export interface Feed {
  readonly kind: string
  /** What a sender is pointed at; the path it asks for, or the beginning of it. */
  readonly path: string
  /** The paths that are served, with `{name}` for a parameter. */
  readonly paths: readonly string[]
  readonly methods: readonly ('GET' | 'POST')[]
  /** True where the sender may dial a WebSocket at `path` instead. */
  readonly webSocket?: true
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
  decode(delivery: Delivery, source: Source): Decoded
  /** The events of one payload, and what is to be remembered of it. The same in the order in which it came. */
  link?(payload: Payload, memory: Memory, source: Source): Promise<Linked>
  /** What the feed's memory shows to be over by now, as observations; each is told once. */
  sweep?(memory: Memory, source: Source, quiet: Quiet): Promise<readonly Event[]>
  /** How long a stay may be without any sign before it counts as over; undefined for as long as it takes. */
  readonly silenceLimitMs: number | undefined
  /** What the sender repairs when nothing can be stored now: a 503 with these headers, or a connection that is cut. */
  readonly whenUnavailable: Readonly<Record<string, string>> | 'cut'
}

/** The delivery is not proved to come from whom it names; the message says why, without any secret. */
export class UnauthenticError extends Error {
  override name = 'UnauthenticError'
}

/** The body is not what this feed sends; the message names what is wrong. */
export class JunkError extends Error {
  override name = 'JunkError'
}

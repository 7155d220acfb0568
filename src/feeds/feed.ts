import type Type from 'typebox'
import type { Event } from '../event.ts'
import type { ConfiguredFeed, FeedKeys, FeedSettings } from './keys.ts'
import type { Memory } from './memory.ts'
import type { Payload } from './payload.ts'
import type { Snapshot } from './snapshot.ts'

/** One request to a feed, as it came. A message of a WebSocket is a delivery too, with the handshake's headers. */
export interface Delivery {
  readonly method: string
  /** The absolute URL that the sender used, with its query. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The path parameters, decoded: `{token}`. */
  readonly params: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** Whose payloads these are. SIDs from keys that are unique within one server only are made with the feed's id. */
export interface Source {
  readonly accountSid: string
  readonly feedId: string
  /** The SID of an instance of a room: derived from the instance, or the one that it was given before. */
  sidOf(instance: string): string
}

/** What follows from a payload, and from what was before it. */
export interface Reduced {
  readonly events: readonly Event[]
  /** Stays that turn out to belong to another instance of their room than the one in which they were told. */
  readonly moves?: readonly Move[]
  /** SIDs that were given to instances of rooms. */
  readonly claims?: readonly Claim[]
  /** Why no event follows, as a sentence without a full stop. */
  readonly reason?: string
}

/** An instance of a room, as its feed names it, and the SID that it was given. */
export interface Claim {
  readonly roomSid: string
  readonly instance: string
}

export interface Move {
  readonly participantSid: string
  readonly fromRoomSid: string
  readonly toRoomSid: string
  readonly atMs: number
}

/** What of the past was heard: time in which Rollcall was down, or the feed itself was not heard, is no silence. */
export interface ListeningWindow {
  readonly nowMs: number
  /** True where nothing kept us from hearing what the feed told during the `ms` after a moment. */
  wasHeard(fromMs: number, ms: number): boolean
}

/**
 * One stack's way of telling what happens in its rooms. Pure: nothing here reads a clock, a store or a network; what
 * is remembered is handed in. Everything that is special about a stack is a fact on its Feed.
 */
export interface Feed {
  readonly kind: string
  /** The path that senders are pointed at, or the beginning of it. */
  readonly path: string
  /** The paths that are served, with `{name}` for a parameter. */
  readonly paths: readonly string[]
  readonly methods: readonly ('GET' | 'POST')[]
  /** True where the sender may dial a WebSocket at `paths` instead. */
  readonly webSocket?: true
  /** The path parameter that is a secret, and is left out of every log. */
  readonly secretParam?: string
  /** One line for the reference and for `rollcall feed add --help`. */
  readonly summary: string
  /** The schema of a body, where it is of our own making. */
  readonly body?: Type.TSchema
  /** How the keys of a new feed are made, and what its owner is told and asked. */
  readonly keys: FeedKeys
  /** The key that the feed's row is found by. Throws UnauthenticError where the delivery names none. */
  authKey(delivery: Delivery): string
  /** Throws UnauthenticError unless the delivery is signed with this secret. */
  verify(delivery: Delivery, secret: string, nowMs: number): void | Promise<void>
  /** The payloads of a delivery, in order. Throws JunkError for a body that cannot be read. */
  payloads(delivery: Delivery, source: Source): readonly Payload[]
  /**
   * True where a payload means something only after others: `reduce` reads and writes the memory, payloads are reduced
   * one after another in the order in which they came, and they are kept in the feed's log.
   */
  readonly hasMemory?: true
  /**
   * The events of one payload. The same payloads in the same order give the same events. Without memory it may throw
   * JunkError, which the sender is refused with.
   */
  reduce(payload: Payload, memory: Memory, source: Source): Reduced | Promise<Reduced>
  /**
   * Looks at the entries that are due: forgets those that can matter no more, and gives payloads of our own that say
   * what is over by now. They are reduced and kept like any other.
   */
  expire?(memory: Memory, window: ListeningWindow): Promise<readonly Payload[]>
  /**
   * The first parts of memory keys that transient payloads write: a rebuild cannot make these entries again, and
   * leaves them as they are.
   */
  readonly transientMemory?: readonly string[]
  /** True where the source states the error code of each end reason that has one: a reason without a code has none. */
  readonly statesErrorCodes?: true
  /** True where the server has one room of a name at a time, so that a later one shows that the earlier is over. */
  readonly hasUniqueNames?: true
  /** The feed that the settings of the server name, if they name one. */
  configured?(settings: FeedSettings): ConfiguredFeed | undefined
  /** The server's own list of who is there, where it has one that can be asked for. */
  readonly snapshot?: Snapshot
  /** How long a stay may be without any sign before it counts as over; undefined for as long as it takes. */
  readonly silenceLimitMs: number | undefined
  /** What the sender repairs when nothing can be stored now: a 503 with these headers, or a connection that is cut. */
  readonly whenUnavailable: Readonly<Record<string, string>> | 'cut'
}

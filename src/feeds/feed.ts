import type Type from 'typebox'
import type { Event } from '../event.ts'
import type { ConfiguredFeed, FeedKeys, FeedSettings } from './keys.ts'
import type { Memory } from './memory.ts'
import type { Payload } from './payload.ts'
import type { Snapshot } from './snapshot.ts'

/** One request to a feed. A message of a WebSocket is a delivery too, with the headers of the handshake. */
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

/**
 * The account and the feed of payloads. SIDs from keys that are unique only within one server contain the feed's id.
 */
export interface Source {
  readonly accountSid: string
  readonly feedId: string
  /** The SID of an instance of a room: derived from the instance, or the SID that was given to it before. */
  sidOf(instance: string): string
}

/** What a payload leads to, given what the feed remembers. */
export interface Reduced {
  readonly events: readonly Event[]
  /** Stays that turn out to belong to another instance of their room than the one in which they are listed. */
  readonly moves?: readonly Move[]
  /** The SIDs that this payload gave to instances of rooms. */
  readonly claims?: readonly Claim[]
  /** Why there are no events, as a sentence without a full stop. */
  readonly reason?: string
}

/** An instance of a room, as its feed names it, and the SID that it was given. */
export interface Claim {
  readonly roomSid: string
  readonly instance: string
}

/** The move of a stay from one room to another. `atMs` is its join, in unix milliseconds. */
export interface Move {
  readonly participantSid: string
  readonly fromRoomSid: string
  readonly toRoomSid: string
  readonly atMs: number
}

/** Whether Rollcall was up and received a feed. Other time does not count as silence of the feed's participants. */
export interface ListeningWindow {
  readonly nowMs: number
  /** True if Rollcall was up and received the feed for at least `ms` milliseconds since `fromMs`. */
  wasHeard(fromMs: number, ms: number): boolean
}

/**
 * How one stack reports what happens in its rooms. Everything that is special about a stack is a member of its Feed.
 * Nothing here reads a clock, a store or a network: the memory of the feed is passed in.
 */
export interface Feed {
  readonly kind: string
  /** The path to which senders are pointed, or its beginning. */
  readonly path: string
  /** The paths that are served, with `{name}` for a parameter. */
  readonly paths: readonly string[]
  readonly methods: readonly ('GET' | 'POST')[]
  /** True if the sender may open a WebSocket at `paths` instead. */
  readonly webSocket?: true
  /** The path parameter that is a secret, and is left out of every log. */
  readonly secretParam?: string
  /** One line for the API reference and for `rollcall feed add --help`. */
  readonly summary: string
  /** The schema of a body, if Rollcall itself specifies it. */
  readonly body?: Type.TSchema
  /** How the keys of a new feed are made. */
  readonly keys: FeedKeys
  /** The key in a delivery by which the feed is found. Throws UnauthenticError if the delivery has none. */
  authKey(delivery: Delivery): string
  /**
   * The header of the signature, in lower case, if `authKey` needs the body. The body of a delivery without this header
   * is not read.
   */
  readonly signatureHeader?: string
  /**
   * Throws UnauthenticError, or rejects with it, if the delivery without its body shows that it is not signed with this
   * secret. The body is then not read.
   */
  verifyHead?(head: Delivery, secret: string, nowMs: number): unknown
  /** Throws UnauthenticError unless the delivery is signed with this secret. */
  verify(delivery: Delivery, secret: string, nowMs: number): void | Promise<void>
  /** The payloads of a delivery, in order. Throws JunkError for a body that cannot be read. */
  payloads(delivery: Delivery, source: Source): readonly Payload[]
  /**
   * True if the meaning of a payload depends on earlier ones: `reduce` reads and writes the memory, and payloads are
   * reduced one after another, in the order in which they came, and kept in the feed's log.
   */
  readonly hasMemory?: true
  /**
   * The events of one payload. The same payloads in the same order give the same events. The `reduce` of a feed without
   * memory may throw JunkError: the delivery is then refused. A rebuild gives it the payload under the key of its first
   * event, beside which the payload is stored: the keys of events follow from that key, or from the value alone.
   */
  reduce(payload: Payload, memory: Memory, source: Source): Reduced | Promise<Reduced>
  /**
   * Looks at the entries of the memory that are due: deletes those that are not needed any more, and gives payloads of
   * Rollcall's own that say what is over. They are reduced and kept like any other payload.
   */
  expire?(memory: Memory, window: ListeningWindow): Promise<readonly Payload[]>
  /**
   * The first parts of the keys of memory entries that transient payloads write. A rebuild cannot make these entries
   * again, and leaves them as they are.
   */
  readonly transientMemory?: readonly string[]
  /** True if the source states an error code with each end reason that has one, so that none is added to a reason. */
  readonly statesErrorCodes?: true
  /** True if the server has one room of a name at a time, so that a later one shows that the earlier one is over. */
  readonly hasUniqueNames?: true
  /** The feed that the settings name, if they name one. */
  configured?(settings: FeedSettings): ConfiguredFeed | undefined
  /** How the media server's list of rooms and participants is read, if it has one. */
  readonly snapshot?: Snapshot
  /** How long a stay may be without any sign before it counts as over; undefined for no limit. */
  readonly silenceLimitMs: number | undefined
  /** What makes the sender repeat a delivery that cannot be stored now: 503 with these headers, or a cut connection. */
  readonly whenUnavailable: Readonly<Record<string, string>> | 'cut'
}

/**
 * What is remembered of each Janus between its events. Every entry belongs to one emitter, the `server_name` of a Janus.
 *
 * | entry     | begins with           | changes with                                 | ends with                         |
 * |-----------|-----------------------|----------------------------------------------|-----------------------------------|
 * | emitter   | any event             | every event, a shutdown                      | a week without events             |
 * | transport | a session over it     | further sessions over it                     | `connected`, `disconnected`       |
 * | session   | `created`, `attached` | `timeout`, `destroyed`, its transport's end  | its end and the last handle's     |
 * | handle    | `attached`, a join    | a join, a leave                              | `detached`                        |
 * | room      | `created`, a join     | joins, leaves                                | `destroyed`, being empty          |
 * | member    | a join, `published`   | destruction of its room, silence, a new sign | `leaving`, `kicked`, `detached`   |
 * | viewer    | `subscribing`         | further handles, the end of one of them      | the end of its last handle, a join |
 * | media     | statistics            | further signs of media                       | `unpublished`, a hangup, silence  |
 *
 * A start of Janus, or the first sign of one after a shutdown, ends everything but the emitter and the media. due.ts says
 * how long each entry is remembered when the event that ends it never comes.
 */
export interface Entries {
  readonly emitter: Emitter
  readonly transport: Transport
  readonly session: Session
  readonly handle: Handle
  readonly room: OpenRoom
  readonly member: Member
  readonly viewer: Viewer
  readonly media: Media
}

export type Kind = keyof Entries

export const KINDS: readonly Kind[] = [
  'emitter',
  'transport',
  'session',
  'handle',
  'room',
  'member',
  'viewer',
  'media',
]

/** What every entry has. */
interface Stored {
  /** When the entry was last written, in unix milliseconds. Entries of database schema 3 lack it. */
  readonly changedAtMs?: number | undefined
}

/** One Janus. */
export interface Emitter extends Stored {
  /** The time of its latest event, in unix milliseconds. */
  readonly lastMs: number
  /** Where statistics alone show `lastMs`, the time of the latest event that the log of the feed shows. */
  readonly loggedMs?: number | undefined
  /** True from its shutdown to its next start. */
  readonly isStopping?: boolean | undefined
}

/** A WebSocket or another lasting connection to Janus. Its id is a pointer inside Janus, and is used again. */
export interface Transport extends Stored {
  readonly sessionIds: readonly string[]
}

export interface Session extends Stored {
  /** Undefined for HTTP, where each request is a transport of its own, and where the creation was not received. */
  readonly transportId?: string | undefined
  /** True once its transport is gone. */
  readonly isDisconnected?: boolean | undefined
  readonly ended?: 'timeout' | 'destroyed' | undefined
  /** The handles whose `attached` was received. */
  readonly handleIds: readonly string[]
}

export interface Handle extends Stored {
  /** Empty where it is unknown. */
  readonly sessionId: string
  /** The participant in a room that uses the handle. */
  readonly member?: MemberId | undefined
  /** The viewer whose subscription this handle is. */
  readonly viewer?: ViewerId | undefined
  /**
   * True if only a join or a subscription showed the handle. Its `detached` may never come, so that it is deleted with
   * the member or the viewer.
   */
  readonly isFromJoin?: boolean | undefined
}

/** The instance of a room that is open. */
export interface OpenRoom extends Stored {
  readonly roomSid: string
  readonly nativeRoom: string
  /** True for a room that was made through the API. Other rooms are of the configuration. */
  readonly isCreated: boolean
  /** How many members it has, without those that are silent. */
  readonly members: number
  /** How many viewers it has. */
  readonly viewers?: number | undefined
  /** When a member last left, in unix milliseconds. */
  readonly lastLeftMs?: number | undefined
  /** When a viewer last came, or left before the room was empty, in unix milliseconds. */
  readonly lastViewedMs?: number | undefined
  /** Since when nobody is in it, in unix milliseconds. */
  readonly emptySinceMs?: number | undefined
  /** The value of `emptySinceMs` for which an event said that the room is empty. */
  readonly toldEmptyMs?: number | undefined
  /** True once its Janus shuts down: no conclusion is drawn from what follows. */
  readonly isOver?: boolean | undefined
}

/** The room and the id by which events name a participant. At any time an id is unique in its room. */
export interface MemberId {
  readonly nativeRoom: string
  readonly nativeId: string
}

/** One stay in a room. */
export interface Member extends MemberId, Stored {
  readonly participantSid: string
  readonly roomSid: string
  readonly sessionId?: string | undefined
  readonly handleId?: string | undefined
  /** True for the copy of a publisher at another Janus, which relays its media to this one. It has no handle here. */
  readonly isRelayed?: boolean | undefined
  /** True once its room was destroyed. */
  readonly isOver?: boolean | undefined
  /** True once another room was created under the id of its room. */
  readonly isSuperseded?: boolean | undefined
  /** When its media last stopped by an `unpublished` or a hangup, in unix milliseconds. */
  readonly mediaEndedMs?: number | undefined
  /**
   * The last sign of its media, once an event said that they are silent since. The next sign of the member clears it.
   */
  readonly toldSilentMs?: number | undefined
}

/** The room and the session by which a viewer is known: who only subscribes has no id in the room. */
export interface ViewerId {
  readonly nativeRoom: string
  readonly sessionId: string
}

/** The presence of a session that only subscribes in a room. */
export interface Viewer extends ViewerId, Stored {
  readonly participantSid: string
  readonly roomSid: string
  /** The handles that subscribe. */
  readonly handleIds: readonly string[]
}

/** Media of a stay that flow. */
export interface Media extends Stored {
  /** The stay: a later one under the same id has media of its own. */
  readonly participantSid: string
  /** The last sign of them that was noted, in unix milliseconds. */
  readonly lastMs: number
}

/** True for a stay whose end is neither known nor concluded. */
export function isOpenStay({ isOver, isSuperseded, toldSilentMs }: Member): boolean {
  return isOver !== true && isSuperseded !== true && toldSilentMs === undefined
}

import type { Interval, RoomNumbers, Step } from '../../fold/numbers.ts'
import type { ParticipantState } from '../../fold/participant.ts'
import type { RoomState } from '../../fold/room.ts'
import type { LoggedEvent, StoredEvent } from './event-log.ts'
import type { RoomKey } from './room-key.ts'

/** A room's row, as it is read. */
export interface RoomRow {
  /** The feed of the room's earliest event, by time and key. */
  readonly feedId: string
  readonly state: RoomState
  readonly numbers: RoomNumbers
}

/** A room's row, as it is written. */
export interface SavedRoom extends RoomRow {
  readonly name: string | undefined
  readonly type: string | undefined
  readonly codecs: readonly string[]
  readonly createdMs: number
  readonly endedMs: number | undefined
  /** The last sign of the room, in unix milliseconds. */
  readonly seenMs: number
  /** The resource of the API, as JSON. */
  readonly record: string
}

/** A stay's row, as it is written. */
export interface SavedStay {
  readonly participantSid: string
  readonly state: ParticipantState
  readonly orderMs: number
  readonly identity: string | undefined
  readonly counted: boolean
  readonly interval: Interval | undefined
  readonly leaveStated: boolean
  readonly isOpen: boolean
  /** The last sign of the participant, in unix milliseconds. */
  readonly seenMs: number
  /** The moment by which the stays of one connection key are ordered, in unix milliseconds. */
  readonly connectionMs: number
  /** The SID of the participant of this room under which the stay is listed, if that is another. */
  readonly aliasOf: string | undefined
  /** The resource of the API, as JSON. */
  readonly record: string
}

/** A stay's row, as it is read. */
export interface StayRow {
  readonly participantSid: string
  readonly state: ParticipantState
}

/** The stays, identities and connection keys that are looked up. */
export interface BearingAsked {
  readonly participantSids: readonly string[]
  readonly identities: readonly string[]
  readonly connectionKeys: readonly string[]
  readonly connectedAtMost: number
}

/** What the rows of a room say about them: all that bears on how new events change the room. */
export interface Bearing {
  readonly asked: BearingAsked
  /** The stays among `asked.participantSids` that have a row. */
  readonly stays: readonly StayRow[]
  /** True if one of these stays was relocated to another room. */
  readonly isRelocated: boolean
  /** The identities among `asked.identities` that a counted stay outside `asked.participantSids` has. */
  readonly heldIdentities: ReadonlySet<string>
  /** The stays that have one of the connection keys; undefined if there are more than `connectedAtMost`. */
  readonly connected: readonly StayRow[] | undefined
}

/** A room that this transaction has locked until it ends, and what the transaction can do to it. */
export interface LockedRoom {
  readonly key: RoomKey
  /** The row of the room as it was when the room was locked; undefined if it had none. */
  readonly row: RoomRow | undefined
  /** Appends events to the room's log (see appendEvents). */
  append(events: readonly LoggedEvent[]): Promise<('added' | 'same' | 'other')[]>
  /** Looks up stays, identities and connection keys by one statement. */
  bearing(asked: BearingAsked): Promise<Bearing>
  /** The identities among these that a counted stay has, other than the stays in `except`. */
  heldIdentities(identities: readonly string[], except: readonly string[]): Promise<Set<string>>
  /**
   * The stays of a connection key from `fromMs` to `toMs`, and up to `margin` stays before and after. `isFirst` and
   * `isLast` say that there are no earlier and no later stays than these.
   */
  connectionWindow(
    connectionKey: string,
    fromMs: number,
    toMs: number,
    margin: number,
  ): Promise<{ stays: StayRow[]; isFirst: boolean; isLast: boolean }>
  /** The SIDs of the stays without a stated leave, or of those that have not ended: the room may end these. */
  participantsWithoutLeave(onlyOpen: boolean): Promise<string[]>
  /** How the number of counted stays in the room changes, from second `fromSec` on, by time. */
  steps(fromSec: number): Promise<Step[]>
  saveStays(stays: readonly SavedStay[]): Promise<void>
  /** Makes the SID of a participant lead to another room, in which the stay is listed. */
  saveRelocated(participantSid: string, toRoomSid: string): Promise<void>
  save(room: SavedRoom): Promise<void>
  /** The events of the room, or of these participants, by time. */
  events(participantSids?: readonly string[]): Promise<StoredEvent[]>
  /** Changes the log for a rebuild: replaces or adds the events in `put`, and deletes those in `remove`. */
  rewrite(change: { put: readonly LoggedEvent[]; remove: readonly StoredEvent[] }): Promise<void>
  /** Deletes the rows of the room and its stays. Its events stay. */
  clear(): Promise<void>
}

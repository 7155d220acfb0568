import type { Interval, RoomNumbers, Step } from '../../fold/numbers.ts'
import type { ParticipantState } from '../../fold/participant.ts'
import type { RoomState } from '../../fold/room.ts'
import type { LoggedEvent, StoredEvent } from './event-log.ts'
import type { RoomKey } from './room-key.ts'

/** A room's row, as it is read. */
export interface RoomRow {
  /** The feed that told of the room first. */
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
  /** The last sign of it. */
  readonly seenMs: number
  /** The resource as JSON. */
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
  /** The last sign of the participant. */
  readonly seenMs: number
  /** The moment by which the stays of its connection key are ordered. */
  readonly connectionMs: number
  /** The participant of this room that tells the stay instead. */
  readonly aliasOf: string | undefined
  /** The resource as JSON. */
  readonly record: string
}

/** A stay's row, as it is read. */
export interface StayRow {
  readonly participantSid: string
  readonly state: ParticipantState
}

/** Which stays, identities and connection keys are looked up. */
export interface BearingAsked {
  readonly participantSids: readonly string[]
  readonly identities: readonly string[]
  readonly connectionKeys: readonly string[]
  readonly connectedAtMost: number
}

/** What the room's rows say of what was asked. */
export interface Bearing {
  readonly asked: BearingAsked
  /** The stays themselves, those that are known. */
  readonly stays: readonly StayRow[]
  /** True where one of them was relocated to another room. */
  readonly isRelocated: boolean
  /** Those of the identities that a counted stay has which is not one of those asked for. */
  readonly heldIdentities: ReadonlySet<string>
  /** The stays that have one of the connection keys; undefined where there are more than `connectedAtMost`. */
  readonly connected: readonly StayRow[] | undefined
}

/** A room that belongs to this transaction until it ends, and all that the transaction does to it. */
export interface LockedRoom {
  readonly key: RoomKey
  /** The room's row as it was when it was locked; undefined for a room that has none. */
  readonly row: RoomRow | undefined
  /** Appends to the room's log. A key that is there already is counted and changes nothing: `other` says that its payload differs. */
  append(events: readonly LoggedEvent[]): Promise<('added' | 'same' | 'other')[]>
  /** One statement: the stays, whether others have these identities, and at most so many stays of the connection keys. */
  bearing(asked: BearingAsked): Promise<Bearing>
  /** Those of the identities that a counted stay has which is not one of `except`. */
  heldIdentities(identities: readonly string[], except: readonly string[]): Promise<Set<string>>
  /** The stays of a connection key from `fromMs` to `toMs`, and `margin` more on either side, in time; `isFirst` and `isLast` say that there are none beyond. */
  connectionWindow(
    connectionKey: string,
    fromMs: number,
    toMs: number,
    margin: number,
  ): Promise<{ stays: StayRow[]; isFirst: boolean; isLast: boolean }>
  /** The stays whose own leave nothing states, so that the room's end decides. */
  participantsWithoutLeave(): Promise<string[]>
  /** How the number of counted stays in the room changes from a second on, by time. */
  steps(fromSec: number): Promise<Step[]>
  saveStays(stays: readonly SavedStay[]): Promise<void>
  /** Lets a participant's SID lead to another room, where the stay is told. */
  saveRelocated(participantSid: string, toRoomSid: string): Promise<void>
  save(room: SavedRoom): Promise<void>
  /** The events of the room, or of these participants, by time. */
  events(participantSids?: readonly string[]): Promise<StoredEvent[]>
  /** Replaces what the log says under known keys, adds new keys, and removes keys: what a rebuild found. */
  rewrite(change: { put: readonly LoggedEvent[]; remove: readonly StoredEvent[] }): Promise<void>
  /** Forgets the room's rows, never its events. */
  clear(): Promise<void>
}

import { type EndReason, type Event, isObservation, type RoomFacts } from '../event.ts'
import { absences, lastSignOfAbsent } from './absence.ts'
import {
  type ContributionOf,
  emptyState,
  type FieldTable,
  foldIn,
  mergeStates,
  type StateOf,
} from './field-table.ts'
import { minOf } from './register.ts'
import {
  allOf,
  constant,
  earliest,
  earliestDated,
  either,
  latest,
  latestByKey,
  max,
  min,
  startingWith,
} from './rules.ts'
import type { RoomEnd } from './stay.ts'

type Fact<K extends keyof RoomFacts> = NonNullable<RoomFacts[K]>

/** The fields of a room's state and the rule of each. Times are unix milliseconds. */
const ROOM_FIELDS = {
  /** The kind of the feed that the room came from; `newRoom` sets it. */
  feedKind: startingWith('', constant<string>()),
  nativeKey: constant<string>(),
  name: latest<string>(),
  type: latest<Fact<'type'>>(),
  maxParticipants: latest<number>(),
  region: latest<string>(),
  mediaRegion: latest<Fact<'mediaRegion'>>(),
  edgeLocation: latest<Fact<'edgeLocation'>>(),
  createdMethod: latest<Fact<'createdMethod'>>(),
  statusCallback: latest<string>(),
  statusCallbackMethod: latest<Fact<'statusCallbackMethod'>>(),
  /** The earliest stated start. */
  startedAtMs: min,
  /** The earliest start that was computed from a stated duration. */
  startedAtMsEstimated: min,
  breakoutOf: constant<string>(),
  /** The earliest moment that an event of the room states, a join included. */
  seenAtMs: startingWith(Number.MAX_SAFE_INTEGER, min),
  /** The latest event that a feed states of the room or of a participant in it. */
  lastSeenMs: max,
  /** The server's lists that lack the room. */
  absences,
  /** The latest moment from which on the room was observed to be empty. */
  emptySinceMs: max,
  /** Set once a later room has the name: the end reason of participants who were still in this room. */
  superseded: latest<EndReason>(),
  /** Set once its server stopped, with the last sign of that server: the end reason of participants in the room. */
  serverGone: earliestDated<EndReason>(),
  /** The earliest stated end. */
  endedAtMs: min,
  endReason: earliest<string>(),
  /** True once a participant left because the room was ended through the API. */
  endedViaApi: startingWith(false, either),
  recordingEnabled: either,
  recordingDurationSec: latest<number>(),
  /** The seconds of each recording that ended, by the recording's native key. */
  recordings: startingWith({}, latestByKey<number>()),
  codecs: startingWith([], allOf),
} satisfies FieldTable & Record<keyof RoomFacts, unknown>

/**
 * All that events state of one instance of a room, stored as JSON beside its row; RoomNumbers has its counts. The order
 * of the events does not matter, nor whether one comes twice.
 */
export type RoomState = StateOf<typeof ROOM_FIELDS>

/** The state of a room before any event. */
export function newRoom(feedKind: string): RoomState {
  return { ...emptyState(ROOM_FIELDS), feedKind }
}

/** The state with one more event folded in, of the room or of a participant in it. Pure; in any order. */
export function foldRoom(state: RoomState, event: Event): RoomState {
  return foldIn(ROOM_FIELDS, state, contributionOf(event), event)
}

/** The state that the events of both states fold into. Pure. */
export function mergeRooms(a: RoomState, b: RoomState): RoomState {
  return mergeStates(ROOM_FIELDS, a, b)
}

/**
 * The end of the room, or undefined while it is in progress. A stated end comes before any other. Else the room ended
 * with the earliest of these: its server stopped, the server's lists lacked it, a later room took its name. If there
 * is none of these, it ended when it was last observed to be empty. A later event of the room overrules absence and
 * emptiness.
 */
export function roomEndOf(state: RoomState): RoomEnd | undefined {
  if (state.endedAtMs !== undefined) {
    const viaApi = roomEndReason(state) === 'room_ended_via_api'
    return { atMs: state.endedAtMs, reason: viaApi ? 'room_ended_via_api' : 'room_ended', inferred: false }
  }
  const { serverGone, superseded, emptySinceMs, lastSeenMs = state.seenAtMs } = state
  const ends: RoomEnd[] = []
  const add = (atMs: number, reason: EndReason) => ends.push({ atMs, reason, inferred: true })
  if (serverGone !== undefined) add(serverGone.atMs, serverGone.value)
  const absentSinceMs = lastSignOfAbsent(state.absences, lastSeenMs)
  if (absentSinceMs !== undefined) add(absentSinceMs, 'server_crash')
  if (superseded !== undefined) add(lastSeenMs, superseded.value)
  const [first] = ends.sort((a, b) => a.atMs - b.atMs)
  if (first !== undefined || emptySinceMs === undefined || lastSeenMs > emptySinceMs) return first
  return { atMs: emptySinceMs, reason: 'room_ended', inferred: true, isEmptiness: true }
}

/** The room's end reason, if it is one of ROOM_END_REASONS, the only two that Twilio's API has. */
export function roomEndReason(state: RoomState): 'room_ended_via_api' | 'timeout' | undefined {
  if (state.endedViaApi || state.endReason?.value === 'room_ended_via_api') return 'room_ended_via_api'
  return state.endReason?.value === 'timeout' ? 'timeout' : undefined
}

/** When the room started, in unix milliseconds: as stated, else as estimated, else its earliest event. */
export function roomStartMs(state: RoomState): number {
  return state.startedAtMs ?? state.startedAtMsEstimated ?? state.seenAtMs
}

type Contribution = ContributionOf<typeof ROOM_FIELDS>

function contributionOf(event: Event): Contribution {
  const { atMs, room } = event
  const facts = isObservation(event) ? room : { ...room, ...presenceIn(event) }
  switch (event.kind) {
    case 'room.started':
      return { ...facts, startedAtMs: room.startedAtMs ?? atMs }
    case 'room.ended':
      return { ...facts, endedAtMs: atMs, endReason: event.endReason }
    case 'observation.room_absent':
      return { ...facts, absences: event }
    case 'observation.room_empty':
      return { ...facts, emptySinceMs: event.lastSignMs }
    case 'observation.room_superseded':
      return { ...facts, superseded: event.endReason === 'server_crash' ? 'server_crash' : 'room_ended' }
    case 'observation.server_gone': {
      const value = event.endReason === 'server_shutdown' ? 'server_shutdown' : 'server_crash'
      return { ...facts, serverGone: { value, atMs: event.lastSignMs } }
    }
    case 'participant.left':
    case 'participant.failed':
      return { ...facts, endedViaApi: event.endReason === 'room_ended_via_api' }
    case 'recording.started':
      return { ...facts, recordingEnabled: true }
    case 'recording.ended': {
      const { key, durationSec: value } = event.recording
      const recordings = value === undefined ? undefined : { key, value }
      return { ...facts, recordingEnabled: true, recordings }
    }
    case 'room.updated':
    case 'participant.joined':
    case 'participant.updated':
    case 'track.published':
    case 'track.unpublished':
    case 'observation.participant_gone':
    case 'observation.participant_absent':
    case 'observation.participant_silent':
    case 'observation.participant_moved':
    case 'observation.participant_relocated':
      return facts
  }
}

/** When an event shows the room in use: a participant's join may be earlier than the event that states it. */
function presenceIn(event: Event): Contribution {
  const { joinedAtMs, joinedAtMsEstimated } = 'participant' in event ? event.participant : {}
  return { seenAtMs: minOf(event.atMs, joinedAtMs ?? joinedAtMsEstimated), lastSeenMs: event.atMs }
}

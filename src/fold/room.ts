import {
  type EndReason,
  type Event,
  isOneOf,
  isPresence,
  ROOM_END_REASONS,
  type RoomFacts,
  showsRoom,
} from '../event.ts'
import { absences, lastSignOfAbsent } from './absence.ts'
import {
  type ContributionOf,
  emptyState,
  type FieldTable,
  foldIn,
  mergeStates,
  type StateOf,
} from './field-table.ts'
import { type AtMoment, allMoments, firstFrom, isLater } from './moments.ts'
import { minOf } from './register.ts'
import { endFrom, type RoomEnd, type RoomEnds } from './room-end.ts'
import { allOf, constant, earliest, either, latest, latestByKey, max, min, startingWith } from './rules.ts'
import type { EndsOfStays } from './stay.ts'

/** An end of the room, as an event states it: with a word of the source's own, or one of ROOM_END_REASONS. */
interface StatedEnd extends AtMoment {
  readonly reason?: string | undefined
}

/** The last sign of a server that stopped, and the end reason of participants who were in the room then. */
interface ServerEnd extends AtMoment {
  readonly reason: EndReason
}

type Fact<K extends keyof RoomFacts> = NonNullable<RoomFacts[K]>

/** The fields of a room's state and the rule of each. Times are unix milliseconds. */
const ROOM_FIELDS = {
  /** The kind of `feed`; `newRoom` sets it first. */
  feedKind: startingWith('', constant<string>()),
  /** The feed of the earliest event that shows the room, by time and key; missing in a state of schema 4 or before. */
  feed: earliest<RoomFeed>(),
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
  metadata: latest<string>(),
  breakoutOf: constant<string>(),
  /** The earliest moment that an event of the room states, a join included. */
  seenAtMs: startingWith(Number.MAX_SAFE_INTEGER, min),
  /** The latest event that a feed states of the room or of a participant in it, a leave included. */
  lastSeenMs: max,
  /** The latest sign of presence: see `isPresence`. */
  lastPresenceMs: max,
  /** The server's lists that lack the room. */
  absences,
  /** The latest moment from which on the room was observed to be empty. */
  emptySinceMs: max,
  /** The end reason of participants in the room, and since when a later room has the name. */
  superseded: latest<EndReason>(),
  /** When its server stopped. A server may stop more than once. */
  serverGone: allMoments<ServerEnd>(),
  /** The stated ends. A room that is used again after an end has several. */
  ends: allMoments<StatedEnd>(),
  /** When the source noticed that the room is gone. */
  noticedEnds: allMoments<AtMoment>(),
  /** When participants left because the room was ended through the API, to the second. */
  deletions: allMoments<AtMoment>(),
  /** When the source listed everybody who was in the room. */
  snapshots: allMoments<AtMoment>(),
  recordingEnabled: either,
  activeRecording: either,
  recordingDurationSec: latest<number>(),
  /** The seconds of each recording that ended, by the recording's native key. */
  recordings: startingWith({}, latestByKey<number>()),
  /** The native keys of the recordings that began, that recorded something, and that ended without that. */
  recordingsBegun: allOf,
  recordingsWritten: allOf,
  recordingsEmpty: allOf,
  codecs: startingWith([], allOf),
} satisfies FieldTable & Record<keyof RoomFacts, unknown>

/**
 * All that events state of one instance of a room, stored as JSON beside its row; RoomNumbers has its counts. The order
 * of the events does not matter, nor whether one comes twice.
 */
export type RoomState = StateOf<typeof ROOM_FIELDS>

/** The feed that a room belongs to. */
export interface RoomFeed {
  readonly feedId: string
  readonly feedKind: string
}

/** The state of a room before any event. */
export function newRoom(feedKind: string): RoomState {
  return { ...emptyState(ROOM_FIELDS), feedKind }
}

/** The state with one more event folded in, of the room or of a participant in it. Pure; in any order. */
export function foldRoom(state: RoomState, event: Event): RoomState {
  return foldIn(ROOM_FIELDS, state, contributionOf(event), event)
}

/** The state with the feed of an event folded in. An event that does not show the room changes nothing. Pure. */
export function foldFeed(state: RoomState, event: Event, { feedId, feedKind }: RoomFeed): RoomState {
  if (!showsRoom(event)) return state
  const next = foldIn(ROOM_FIELDS, state, { feed: { feedId, feedKind } }, event)
  return { ...next, feedKind: next.feed?.value.feedKind ?? feedKind }
}

/** The state that the events of both states fold into. Pure. */
export function mergeRooms(a: RoomState, b: RoomState): RoomState {
  return mergeStates(ROOM_FIELDS, a, b)
}

/**
 * The ends of the room, by which it and its stays end: see `endFrom`. There is an inferred end if no stated end is at
 * or after the last sign of presence, and if one of these is: its server stopped, the source noticed that it is gone,
 * the server's lists lacked the room, a later room took its name. The earliest counts. If there is none of these, the
 * room may have been observed to be empty.
 */
export function roomEndsOf(state: RoomState): RoomEnds {
  const inferred = isOpen(state) ? inferredEnd(state) : undefined
  const { ends = [] } = state
  const all = inferred === undefined ? ends : [...ends, inferred]
  const deleted = new Set(
    (state.deletions ?? []).flatMap(deletion => endByDeletion(state, deletion, all) ?? []),
  )
  const stated = ends.map((end): RoomEnd => {
    const roomReason = deleted.has(end) ? 'room_ended_via_api' : end.reason
    return {
      atMs: end.atMs,
      reason: isOneOf(LEAVE_REASONS, roomReason) ? roomReason : 'room_ended',
      roomReason: isOneOf(ROOM_END_REASONS, roomReason) ? roomReason : undefined,
      inferred: false,
    }
  })
  const isDeleted = inferred !== undefined && deleted.has(inferred)
  return { stated, inferred: isDeleted ? { ...inferred, roomReason: 'room_ended_via_api' } : inferred }
}

/** The reasons of a room's end that are also those of the leaves of participants who were still in the room. */
const LEAVE_REASONS = ['room_ended_via_api', 'server_shutdown'] as const

/** What may end the stays of the room. */
export function endsOfStays(state: RoomState): EndsOfStays {
  return { roomEnds: roomEndsOf(state), snapshots: state.snapshots }
}

/** The end of the room, or undefined while it is in progress. */
export function roomEndOf(state: RoomState): RoomEnd | undefined {
  return endFrom(roomEndsOf(state), state.lastPresenceMs)
}

/** When the room started, in unix milliseconds: as stated, else as estimated, else its earliest event. */
export function roomStartMs(state: RoomState): number {
  return state.startedAtMs ?? state.startedAtMsEstimated ?? state.seenAtMs
}

type Contribution = ContributionOf<typeof ROOM_FIELDS>

function contributionOf(event: Event): Contribution {
  const { atMs, room } = event
  const facts = showsRoom(event) ? { ...room, ...signsIn(event) } : room
  switch (event.kind) {
    case 'room.started':
      return { ...facts, startedAtMs: room.startedAtMs ?? atMs }
    case 'room.ended':
      if (event.noticed === true) return { ...facts, noticedEnds: { atMs } }
      return { ...facts, ends: { atMs, reason: event.endReason } }
    case 'room.snapshot':
      return { ...facts, snapshots: { atMs } }
    case 'observation.room_absent':
      return { ...facts, absences: event }
    case 'observation.room_empty':
      return { ...facts, emptySinceMs: event.lastSignMs }
    case 'observation.room_superseded':
      return { ...facts, superseded: event.endReason === 'server_crash' ? 'server_crash' : 'room_ended' }
    case 'observation.server_gone': {
      const reason = event.endReason === 'server_shutdown' ? 'server_shutdown' : 'server_crash'
      return { ...facts, serverGone: { atMs: event.lastSignMs, reason } }
    }
    case 'participant.left':
    case 'participant.failed':
      if (event.endReason !== 'room_ended_via_api') return facts
      return { ...facts, deletions: { atMs: Math.floor(atMs / 1000) * 1000 } }
    case 'recording.started':
      return { ...facts, recordingsBegun: [event.recording.key] }
    case 'recording.ended': {
      const { key, durationSec: value } = event.recording
      if (value === 0) return { ...facts, recordingsEmpty: [key] }
      return {
        ...facts,
        recordingsWritten: [key],
        recordings: value === undefined ? undefined : { key, value },
      }
    }
    case 'room.updated':
    case 'room.mentioned':
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

/** When an event shows the room: a participant's join may be earlier than the event that states it. */
function signsIn(event: Event): Contribution {
  const { joinedAtMs, joinedAtMsEstimated } = 'participant' in event ? event.participant : {}
  return {
    seenAtMs: minOf(event.atMs, joinedAtMs ?? joinedAtMsEstimated),
    lastSeenMs: event.atMs,
    lastPresenceMs: isPresence(event) ? event.atMs : statedJoinIn(event),
  }
}

/** The join that a leave repeats. It is a sign of presence too, unless the attempt to join failed. */
function statedJoinIn(event: Event): number | undefined {
  return event.kind === 'participant.left' ? event.participant.joinedAtMs : undefined
}

/** True if no stated end is at or after the last sign of presence. */
function isOpen(state: RoomState): boolean {
  return firstFrom(state.ends, state.lastPresenceMs) === undefined
}

function inferredEnd(state: RoomState): RoomEnd | undefined {
  const { serverGone, superseded, emptySinceMs, lastSeenMs = state.seenAtMs } = state
  const presenceMs = state.lastPresenceMs
  const found: RoomEnd[] = []
  const add = (atMs: number, reason: EndReason) => found.push({ atMs, reason, inferred: true })
  const gone = firstFrom(serverGone, presenceMs)
  if (gone !== undefined) add(gone.atMs, gone.reason)
  const noticed = firstFrom(state.noticedEnds, presenceMs)
  if (noticed !== undefined) add(noticed.atMs, 'room_ended')
  const absentSinceMs = lastSignOfAbsent(state.absences, lastSeenMs)
  if (absentSinceMs !== undefined) add(absentSinceMs, 'server_crash')
  if (superseded !== undefined && !isLater(presenceMs, superseded.atMs)) add(lastSeenMs, superseded.value)
  const [first] = found.sort((a, b) => a.atMs - b.atMs)
  if (first !== undefined || emptySinceMs === undefined || lastSeenMs > emptySinceMs) return first
  return { atMs: emptySinceMs, reason: 'room_ended', inferred: true, isEmptiness: true }
}

/** The end that a deletion led to: the nearest one, unless the room was used again between them. */
function endByDeletion<T extends AtMoment>(
  { lastPresenceMs }: RoomState,
  { atMs }: AtMoment,
  ends: readonly T[],
): T | undefined {
  const end = nearestTo(atMs, ends)
  const wasUsedAgain =
    end !== undefined && isLater(lastPresenceMs, atMs) && !isLater(lastPresenceMs, end.atMs)
  return wasUsedAgain ? undefined : end
}

/** The end that is nearest to a moment; of two, the earlier. */
function nearestTo<T extends AtMoment>(ms: number, ends: readonly T[]): T | undefined {
  const distance = ({ atMs }: T) => Math.abs(atMs - ms)
  return ends.reduce<T | undefined>(
    (best, end) => (best === undefined || distance(end) < distance(best) ? end : best),
    undefined,
  )
}

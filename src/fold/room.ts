import { type EndReason, type Event, isObservation, type RoomFacts } from '../event.ts'
import { type Absence, lastSignOfAbsent, withAbsence } from './absence.ts'
import { earliest, latest, latestOf, maxOf, minOf, type Register, union } from './register.ts'
import type { RoomEnd } from './stay.ts'

/**
 * Everything known of one room instance from what events state of it; its counts are apart (RoomNumbers).
 * Like a participant's state it does not depend on the order of arrival. Times are unix milliseconds.
 */
export interface RoomState {
  feedKind: string
  nativeKey?: string | undefined
  name?: Register<string> | undefined
  type?: Register<NonNullable<RoomFacts['type']>> | undefined
  maxParticipants?: Register<number> | undefined
  region?: Register<string> | undefined
  mediaRegion?: Register<NonNullable<RoomFacts['mediaRegion']>> | undefined
  edgeLocation?: Register<NonNullable<RoomFacts['edgeLocation']>> | undefined
  createdMethod?: Register<NonNullable<RoomFacts['createdMethod']>> | undefined
  statusCallback?: Register<string> | undefined
  statusCallbackMethod?: Register<NonNullable<RoomFacts['statusCallbackMethod']>> | undefined
  startedAtMs?: number | undefined
  startedAtMsReckoned?: number | undefined
  breakoutOf?: string | undefined
  /** The earliest moment of anything heard of the room. */
  seenAtMs: number
  /** The latest moment of anything that shows it in use. */
  lastSeenMs?: number | undefined
  /** Absences from the server's list. */
  absences?: readonly Absence[] | undefined
  /** The last sign before a time in which nobody was there. */
  emptySinceMs?: number | undefined
  /** Set once a later room has its name: why whoever was in it left. */
  superseded?: Register<EndReason> | undefined
  /** The last that its server told before it was found to be gone, and how it went. */
  serverGone?: Register<EndReason> | undefined
  /** The earliest stated end. */
  endedAtMs?: number | undefined
  endReason?: Register<string> | undefined
  /** True once a participant was put out because the room was deleted through the API. */
  endedViaApi: boolean
  recordingEnabled?: boolean | undefined
  recordingDurationSec?: Register<number> | undefined
  /** Seconds of each recording that ended, by its native key. */
  recordings: Record<string, Register<number>>
  codecs: string[]
}

/** A room of which nothing is known yet. */
export function newRoom(feedKind: string): RoomState {
  return { feedKind, seenAtMs: Number.MAX_SAFE_INTEGER, endedViaApi: false, recordings: {}, codecs: [] }
}

/** The state with one more event in it, of the room or of a participant in it. Pure, in any order. */
export function foldRoom(state: RoomState, event: Event): RoomState {
  const next = withFacts(state, event)
  switch (event.kind) {
    case 'room.started':
      return { ...next, startedAtMs: minOf(next.startedAtMs, event.room.startedAtMs ?? event.atMs) }
    case 'room.ended':
      return {
        ...next,
        endedAtMs: minOf(next.endedAtMs, event.atMs),
        endReason: earliest(next.endReason, event.endReason, event),
      }
    case 'observation.room_absent':
      return { ...next, absences: withAbsence(next.absences, event) }
    case 'observation.room_empty':
      return { ...next, emptySinceMs: maxOf(next.emptySinceMs, event.lastSignMs) }
    case 'observation.room_superseded':
      return { ...next, superseded: latest(next.superseded, supersededReason(event.endReason), event) }
    case 'observation.server_gone': {
      const reason = event.endReason === 'server_shutdown' ? 'server_shutdown' : 'server_crash'
      const at = { atMs: event.lastSignMs, key: event.key }
      return { ...next, serverGone: earliest(next.serverGone, reason, at) }
    }
    case 'participant.left':
    case 'participant.failed':
      return event.endReason === 'room_ended_via_api' ? { ...next, endedViaApi: true } : next
    case 'recording.started':
      return { ...next, recordingEnabled: true }
    case 'recording.ended':
      return {
        ...next,
        recordingEnabled: true,
        recordings: latestOf(next.recordings, event.recording.key, event.recording.durationSec, event),
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
    case 'observation.participant_elsewhere':
      return next
  }
}

/**
 * The end of the room: as it is stated, else the earliest of what shows that it was over, at the last sign of it.
 * Whatever is heard of it later than that refutes emptiness and absence.
 */
export function roomEndOf(state: RoomState): RoomEnd | undefined {
  if (state.endedAtMs !== undefined) {
    const viaApi = roomEndReason(state) === 'room_ended_via_api'
    return { atMs: state.endedAtMs, reason: viaApi ? 'room_ended_via_api' : 'room_ended', inferred: false }
  }
  const { serverGone, absences, superseded, emptySinceMs, lastSeenMs = state.seenAtMs } = state
  const ends: RoomEnd[] = []
  const add = (atMs: number, reason: EndReason) => ends.push({ atMs, reason, inferred: true })
  if (serverGone !== undefined) add(serverGone.atMs, serverGone.value)
  const absentSinceMs = lastSignOfAbsent(absences, lastSeenMs)
  if (absentSinceMs !== undefined) add(absentSinceMs, 'server_crash')
  if (superseded !== undefined) add(lastSeenMs, superseded.value)
  const [first] = ends.sort((a, b) => a.atMs - b.atMs)
  if (first !== undefined || emptySinceMs === undefined || lastSeenMs > emptySinceMs) return first
  return { atMs: emptySinceMs, reason: 'room_ended', inferred: true, isEmptiness: true }
}

/** `room_ended_via_api`, `timeout` or nothing: the contract has no third. */
export function roomEndReason(state: RoomState): 'room_ended_via_api' | 'timeout' | undefined {
  if (state.endedViaApi || state.endReason?.value === 'room_ended_via_api') return 'room_ended_via_api'
  return state.endReason?.value === 'timeout' ? 'timeout' : undefined
}

/** When the room began: stated, else reckoned back, else the first that was heard of it. */
export function roomStartMs(state: RoomState): number {
  return state.startedAtMs ?? state.startedAtMsReckoned ?? state.seenAtMs
}

function withFacts(known: RoomState, event: Event): RoomState {
  const facts = event.room
  const state = isObservation(event) ? known : seenBy(known, event)
  return {
    ...state,
    nativeKey: state.nativeKey ?? facts.nativeKey,
    name: latest(state.name, facts.name, event),
    type: latest(state.type, facts.type, event),
    maxParticipants: latest(state.maxParticipants, facts.maxParticipants, event),
    region: latest(state.region, facts.region, event),
    mediaRegion: latest(state.mediaRegion, facts.mediaRegion, event),
    edgeLocation: latest(state.edgeLocation, facts.edgeLocation, event),
    createdMethod: latest(state.createdMethod, facts.createdMethod, event),
    statusCallback: latest(state.statusCallback, facts.statusCallback, event),
    statusCallbackMethod: latest(state.statusCallbackMethod, facts.statusCallbackMethod, event),
    startedAtMs: minOf(state.startedAtMs, facts.startedAtMs),
    startedAtMsReckoned: minOf(state.startedAtMsReckoned, facts.startedAtMsReckoned),
    breakoutOf: state.breakoutOf ?? facts.breakoutOf,
    recordingEnabled: either(state.recordingEnabled, facts.recordingEnabled),
    recordingDurationSec: latest(state.recordingDurationSec, facts.recordingDurationSec, event),
    codecs: facts.codecs === undefined ? state.codecs : union(state.codecs, facts.codecs),
  }
}

function seenBy(state: RoomState, event: Event): RoomState {
  const { joinedAtMs, joinedAtMsReckoned } = 'participant' in event ? event.participant : {}
  return {
    ...state,
    seenAtMs: Math.min(state.seenAtMs, event.atMs, joinedAtMs ?? joinedAtMsReckoned ?? event.atMs),
    lastSeenMs: maxOf(state.lastSeenMs, event.atMs),
  }
}

function supersededReason(reason: string | undefined): EndReason {
  return reason === 'server_crash' ? 'server_crash' : 'room_ended'
}

/** Once recorded, recorded; an unknown stays unknown. */
function either(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a || b
}

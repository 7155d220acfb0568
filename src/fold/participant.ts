import {
  isObservation,
  type MediaRegion,
  type ParticipantEvent,
  type ParticipantFacts,
  type ParticipantKind,
  type TrackKind,
} from '../event.ts'
import { type Absence, withAbsence } from './absence.ts'
import { earliest, latest, latestOf, maxOf, minOf, type Register, union } from './register.ts'

/**
 * Everything known of one stay: a set of facts that each event only adds to, by rules that do not
 * depend on the order of arrival. Times are unix milliseconds. Kept as JSON beside the row.
 */
export interface ParticipantState {
  nativeKey?: string | undefined
  /** See ParticipantFacts. */
  seatKey?: string | undefined
  identity?: Register<string> | undefined
  displayName?: Register<string> | undefined
  kind?: Register<ParticipantKind> | undefined
  region?: Register<string> | undefined
  mediaRegion?: Register<MediaRegion> | undefined
  edgeLocation?: Register<NonNullable<ParticipantFacts['edgeLocation']>> | undefined
  attributes?: Register<Record<string, string>> | undefined
  publisherInfo?: Register<Record<string, string>> | undefined
  properties?: Register<Record<string, boolean | number>> | undefined
  /** The earliest join that an event states, in its own words or repeated by the leave. */
  joinedAtMs?: number | undefined
  /** The join reckoned back from a stated duration. */
  joinedAtMsReckoned?: number | undefined
  /** The earliest moment at which something shows the participant in the room. */
  seenAtMs?: number | undefined
  /** The latest moment at which something shows the participant in the room. */
  lastSeenMs?: number | undefined
  /** The earliest stated leave. */
  leftAtMs?: number | undefined
  leftReason?: Register<Ending> | undefined
  /** The earliest attempt that is stated to have failed. */
  failedAtMs?: number | undefined
  failedReason?: Register<Ending> | undefined
  /** The earliest moment at which the connection is stated to be gone. */
  goneAtMs?: number | undefined
  goneReason?: Register<Ending> | undefined
  /** Absences from the server's list. */
  absences?: readonly Absence[] | undefined
  /** The latest last sign before a silence that was long enough. */
  silence?: Register<Ending & { readonly lastSignMs: number }> | undefined
  /** True once the participant was seen to go on in another room. */
  moved?: true | undefined
  /** True once any event shows that the participant got in. */
  gotIn: boolean
  /** The kind of each track, by its native key. */
  tracks: Record<string, Register<TrackKind>>
  codecs: string[]
}

export interface Ending {
  readonly reason?: string | undefined
  readonly errorCode?: number | undefined
  /** True where the reason is put together from other events. */
  readonly inferred?: true | undefined
}

/** A stay of which nothing is known yet. */
export function newParticipant(): ParticipantState {
  return { gotIn: false, tracks: {}, codecs: [] }
}

/** The state with one more event in it. Pure; events may come in any order, and twice. */
export function foldParticipant(state: ParticipantState, event: ParticipantEvent): ParticipantState {
  const next = withFacts(state, event)
  switch (event.kind) {
    case 'participant.joined':
      return {
        ...next,
        gotIn: true,
        joinedAtMs: minOf(next.joinedAtMs, event.participant.joinedAtMs ?? event.atMs),
      }
    case 'participant.left':
      return {
        ...next,
        gotIn: true,
        leftAtMs: minOf(next.leftAtMs, event.atMs),
        leftReason: earliest(next.leftReason, endingOf(event), event),
      }
    case 'participant.failed':
      return {
        ...next,
        failedAtMs: minOf(next.failedAtMs, event.atMs),
        failedReason: earliest(next.failedReason, endingOf(event), event),
      }
    case 'participant.updated':
      return {
        ...next,
        gotIn: next.gotIn || event.participant.joinedAtMs !== undefined,
        seenAtMs: minOf(next.seenAtMs, event.atMs),
      }
    case 'track.published':
    case 'track.unpublished':
      return {
        ...next,
        gotIn: true,
        seenAtMs: minOf(next.seenAtMs, event.atMs),
        tracks: latestOf(next.tracks, event.track.key, event.track.kind, event),
        codecs: event.track.codec === undefined ? next.codecs : union(next.codecs, [event.track.codec]),
      }
    case 'observation.participant_gone':
      return {
        ...next,
        goneAtMs: minOf(next.goneAtMs, event.atMs),
        goneReason: earliest(next.goneReason, endingOf(event), event),
      }
    case 'observation.participant_absent':
      return { ...next, absences: withAbsence(next.absences, event) }
    case 'observation.participant_silent': {
      const { lastSignMs } = event
      const silence = { lastSignMs, ...endingOf(event) }
      return { ...next, silence: latest(next.silence, silence, { atMs: lastSignMs, key: event.key }) }
    }
    case 'observation.participant_moved':
      return { ...next, moved: true }
    case 'observation.participant_elsewhere':
      return next
  }
}

function withFacts(state: ParticipantState, event: ParticipantEvent): ParticipantState {
  const facts = event.participant
  return {
    ...state,
    nativeKey: state.nativeKey ?? facts.nativeKey,
    seatKey: state.seatKey ?? facts.seatKey,
    identity: latest(state.identity, facts.identity, event),
    displayName: latest(state.displayName, facts.displayName, event),
    kind: latest(state.kind, facts.kind, event),
    region: latest(state.region, facts.region, event),
    mediaRegion: latest(state.mediaRegion, facts.mediaRegion, event),
    edgeLocation: latest(state.edgeLocation, facts.edgeLocation, event),
    attributes: latest(state.attributes, facts.attributes, event),
    publisherInfo: latest(state.publisherInfo, facts.publisherInfo, event),
    properties: latest(state.properties, facts.properties, event),
    joinedAtMs: minOf(state.joinedAtMs, facts.joinedAtMs),
    joinedAtMsReckoned: minOf(state.joinedAtMsReckoned, facts.joinedAtMsReckoned),
    lastSeenMs: isObservation(event) ? state.lastSeenMs : maxOf(state.lastSeenMs, event.atMs),
    codecs: facts.codecs === undefined ? state.codecs : union(state.codecs, facts.codecs),
  }
}

function endingOf(event: {
  endReason?: string
  errorCode?: number
  reasonInferred?: boolean
}): Ending | undefined {
  if (event.endReason === undefined && event.errorCode === undefined) return undefined
  const { endReason: reason, errorCode, reasonInferred } = event
  return reasonInferred === true ? { reason, errorCode, inferred: true } : { reason, errorCode }
}

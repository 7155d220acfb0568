import {
  isObservation,
  isPresence,
  type MediaRegion,
  type ParticipantEvent,
  type ParticipantFacts,
  type ParticipantKind,
  type TrackKind,
} from '../event.ts'
import { absences } from './absence.ts'
import { type Ending, endingOf } from './ending.ts'
import {
  type ContributionOf,
  emptyState,
  type FieldTable,
  foldIn,
  mergeStates,
  type StateOf,
} from './field-table.ts'
import { type AtMoment, allMoments } from './moments.ts'
import {
  allOf,
  constant,
  earliest,
  either,
  latest,
  latestByKey,
  latestDated,
  max,
  min,
  startingWith,
} from './rules.ts'

/** The fields of a participant's state and the rule of each. Times are unix milliseconds. */
const PARTICIPANT_FIELDS = {
  nativeKey: constant<string>(),
  /** See ParticipantFacts. */
  connectionKey: constant<string>(),
  isSoleConnection: either,
  identity: latest<string>(),
  /** See ParticipantFacts and identityOf. */
  fallbackIdentity: latest<string>(),
  displayName: latest<string>(),
  kind: latest<ParticipantKind>(),
  region: latest<string>(),
  mediaRegion: latest<MediaRegion>(),
  edgeLocation: latest<NonNullable<ParticipantFacts['edgeLocation']>>(),
  attributes: latest<Record<string, string>>(),
  metadata: latest<string>(),
  publisherInfo: latest<Record<string, string>>(),
  properties: latest<Record<string, boolean | number>>(),
  /** The earliest stated join, whichever kind of event states it. */
  joinedAtMs: min,
  /** The latest stated join, which is another one where a source uses a participant's key again. */
  lastJoinMs: max,
  /** The earliest join that was computed from a stated duration. */
  joinedAtMsEstimated: min,
  /** The earliest event, other than a join or a leave, that shows the participant in the room. */
  seenAtMs: min,
  /** The latest event that a feed states of the participant. */
  lastSeenMs: max,
  /** The latest sign of presence: see `isPresence`. */
  lastPresenceMs: max,
  /** The earliest stated leave. */
  leftAtMs: min,
  leftReason: earliest<Ending>(),
  /** The latest stated leave. */
  lastLeftAtMs: max,
  lastLeftReason: latest<Ending>(),
  /** The earliest attempt to join that is stated to have failed. */
  failedAtMs: min,
  failedReason: earliest<Ending>(),
  /** The moments at which the connection is stated to be gone, or the source noticed that the participant is. */
  gone: allMoments<AtMoment & Ending>(),
  /** The server's lists that lack the participant. */
  absences,
  /** The latest last sign of presence before a silence that was long enough. */
  silence: latestDated<Ending & { readonly lastSignMs: number }>(),
  /** True once the participant was seen to go on in another room. */
  moved: either,
  /** True once any event shows that the participant got into the room. */
  gotIn: startingWith(false, either),
  /** The kind of each track, by the track's native key. */
  tracks: startingWith({}, latestByKey<TrackKind>()),
  codecs: startingWith([], allOf),
} satisfies FieldTable & Record<keyof ParticipantFacts, unknown>

/**
 * All that the events of one stay state, stored as JSON beside its row. The order of the events does not matter, nor
 * whether one comes twice.
 */
export type ParticipantState = StateOf<typeof PARTICIPANT_FIELDS>

/** The state of a stay before any event. */
export function newParticipant(): ParticipantState {
  return emptyState(PARTICIPANT_FIELDS)
}

/** The state with one more event folded in. Pure; events may come in any order, and more than once. */
export function foldParticipant(state: ParticipantState, event: ParticipantEvent): ParticipantState {
  return foldIn(PARTICIPANT_FIELDS, state, contributionOf(event), event)
}

/** The state that the events of both states fold into. Pure. */
export function mergeParticipants(a: ParticipantState, b: ParticipantState): ParticipantState {
  return mergeStates(PARTICIPANT_FIELDS, a, b)
}

/** The identity that a record shows, counts and is found by: the stated one, else the one that stands for it. */
export function identityOf({ identity, fallbackIdentity }: ParticipantState): string | undefined {
  return identity?.value ?? fallbackIdentity?.value
}

function contributionOf(event: ParticipantEvent): ContributionOf<typeof PARTICIPANT_FIELDS> {
  const { atMs, participant } = event
  const facts = isObservation(event)
    ? participant
    : { ...participant, lastSeenMs: atMs, lastPresenceMs: isPresence(event) ? atMs : undefined }
  switch (event.kind) {
    case 'participant.joined': {
      const joinMs = participant.joinedAtMs ?? atMs
      return { ...facts, gotIn: true, joinedAtMs: joinMs, lastJoinMs: joinMs }
    }
    case 'participant.left': {
      const ending = endingOf(event)
      if (event.noticed === true) return { ...facts, gotIn: true, gone: { atMs, ...ending } }
      const left = { leftAtMs: atMs, lastLeftAtMs: atMs, leftReason: ending, lastLeftReason: ending }
      return { ...facts, gotIn: true, ...left }
    }
    case 'participant.failed':
      return { ...facts, failedAtMs: atMs, failedReason: endingOf(event) }
    case 'participant.updated':
      return { ...facts, gotIn: participant.joinedAtMs !== undefined, seenAtMs: atMs }
    case 'track.published':
    case 'track.unpublished': {
      const { key, kind, codec } = event.track
      const codecs = [...(participant.codecs ?? []), ...(codec === undefined ? [] : [codec])]
      return { ...facts, gotIn: true, seenAtMs: atMs, tracks: { key, value: kind }, codecs }
    }
    case 'observation.participant_gone':
      return { ...facts, gone: { atMs, ...endingOf(event) } }
    case 'observation.participant_absent':
      return { ...facts, absences: event }
    case 'observation.participant_silent': {
      const { lastSignMs } = event
      return { ...facts, silence: { value: { lastSignMs, ...endingOf(event) }, atMs: lastSignMs } }
    }
    case 'observation.participant_moved':
      return { ...facts, moved: true }
    case 'observation.participant_relocated':
      return facts
  }
}

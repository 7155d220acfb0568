import type { ParticipantFacts } from '../../event.ts'
import { type Json, omitUndefined, textOf } from '../json.ts'
import type { JanusContext } from './context.ts'
import type { Member, MemberId } from './entries.ts'

/** The events that contain the display name, in every version of Janus, if the participant has one. */
const NAMING_EVENTS: readonly unknown[] = ['joined', 'published', 'updated']

/** Who a participant is, as one event states it. */
export interface Names {
  readonly facts: Pick<ParticipantFacts, 'identity' | 'displayName'>
  /** What the event does not state. */
  readonly lacks: Pick<Member, 'lacksIdentity' | 'lacksDisplayName'>
}

/** The identity and the display name that an event states. The id in the room is the last resort for the identity. */
export function namesOf({ opaqueId }: JanusContext, data: Json, { nativeId }: MemberId): Names {
  const displayName = textOf(data['display'])
  const identity = opaqueId ?? displayName
  // Other events do not show that there is no name. Janus before 1.3 never has it in them.
  const lastResort = NAMING_EVENTS.includes(data['event']) ? nativeId : undefined
  return {
    facts: omitUndefined({ identity: identity ?? lastResort, displayName }),
    lacks: {
      lacksIdentity: identity === undefined || undefined,
      lacksDisplayName: displayName === undefined || undefined,
    },
  }
}

/** The names that are new with this event: those that no earlier event of the stay stated. What was stated first stays. */
export function newNames(member: Member, { facts, lacks }: Names): Names {
  const { lacksIdentity, lacksDisplayName } = member
  return {
    facts: omitUndefined({
      identity: lacksIdentity ? facts.identity : undefined,
      displayName: lacksDisplayName ? facts.displayName : undefined,
    }),
    lacks: {
      lacksIdentity: lacksIdentity && lacks.lacksIdentity,
      lacksDisplayName: lacksDisplayName && lacks.lacksDisplayName,
    },
  }
}

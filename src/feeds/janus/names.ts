import type { ParticipantFacts } from '../../event.ts'
import { type Json, omitUndefined, textOf } from '../json.ts'
import type { JanusContext } from './context.ts'
import type { MemberId } from './entries.ts'

/** The events with the `opaque_id` of the handle: one without it shows that the application gave none. */
const EVENTS_WITH_OPAQUE_ID: readonly unknown[] = ['joined', 'configured', 'published', 'updated']

/**
 * Who a participant is, as one event states it. The application gives a handle its `opaque_id`, and the id in the room
 * stands for it where there is none. `display` is what the participant typed; since Janus 1.3 leaves and kicks have it.
 */
export function namesOf({ opaqueId }: JanusContext, data: Json, { nativeId }: MemberId): ParticipantFacts {
  return omitUndefined({
    identity: opaqueId,
    fallbackIdentity: EVENTS_WITH_OPAQUE_ID.includes(data['event']) ? nativeId : undefined,
    displayName: textOf(data['display']),
  })
}

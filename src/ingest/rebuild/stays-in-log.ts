import { type Event, isObservation, showsRoom } from '../../event.ts'
import type { LoggedEvent, StoredEvent } from '../../store/rooms/event-log.ts'

/** Leaves out the observations about stays that no payload leads to any more: they alone would make a stay. */
export function withoutGhosts(logged: readonly StoredEvent[], found: readonly LoggedEvent[]): LoggedEvent[] {
  const still = sidsTold(found)
  const ghosts = new Set([...sidsTold(logged)].filter(sid => !still.has(sid)))
  return found.filter(({ event }) => !isOneOfStays(event, ghosts))
}

/** The SIDs of the stays that an event other than an observation tells of. */
export function sidsTold(events: readonly LoggedEvent[]): Set<string> {
  const told = events.flatMap(({ event }) =>
    'participantSid' in event && !isObservation(event) ? event.participantSid : [],
  )
  return new Set(told)
}

/** True if an event shows the room. */
export function isToldOf(events: readonly { readonly event: Event }[]): boolean {
  return events.some(({ event }) => showsRoom(event))
}

/** The SIDs of all stays that the events are about. */
export function sidsIn(events: readonly LoggedEvent[]): Set<string> {
  return new Set(events.flatMap(({ event }) => ('participantSid' in event ? event.participantSid : [])))
}

/** True for an event about one of these stays. */
export function isOneOfStays(event: Event, sids: ReadonlySet<string>): boolean {
  return 'participantSid' in event && sids.has(event.participantSid)
}

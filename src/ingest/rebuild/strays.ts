import type { Event } from '../../event.ts'
import type { LoggedEvent, StoredEvent } from '../../store/rooms/event-log.ts'
import type { LockedRoom } from '../../store/rooms/locked-room.ts'
import type { RoomKey } from '../../store/rooms/room-key.ts'
import { idOf } from './log-change.ts'
import type { ReducedAgain } from './reduce-again.ts'

/** A payload that is stored beside an event of one room, and now leads to events of other rooms, or to none. */
export interface Stray extends ReducedAgain {
  /** The event beside which the payload is stored, and the other events of that payload. */
  readonly holder: StoredEvent
  readonly siblings: readonly StoredEvent[]
}

/** The id of the event beside which the payload of this event is stored; undefined unless that is another event. */
export function holderOf({ feedId, payload }: LoggedEvent): string | undefined {
  return payload.at === 'sibling' ? idOf({ feedId, event: { key: payload.eventKey } }) : undefined
}

/** Removes the events of a stray from the room in which they were. If they stay there, they are not reduced again. */
export async function leaveStray(
  room: LockedRoom,
  { holder, siblings }: Stray,
  stays: boolean,
): Promise<void> {
  const { payload } = holder
  if (!stays) await room.rewrite({ put: [], remove: [holder, ...siblings] })
  else if (payload.at === 'event') {
    await room.rewrite({ put: [{ ...holder, payload: { ...payload, isReducible: false } }], remove: [] })
  }
}

/** The events of the room once its strays are applied. */
export function withStraysApplied(
  { roomSid }: RoomKey,
  events: readonly LoggedEvent[],
  strays: readonly Stray[],
): { readonly event: Event }[] {
  const left = new Set(strays.flatMap(({ holder, siblings }) => [holder, ...siblings]).map(idOf))
  const applied = strays.flatMap(({ reduced }) => reduced.events).map(event => ({ event }))
  return [
    ...events.filter(event => !left.has(idOf(event))),
    ...applied.filter(({ event }) => event.roomSid === roomSid),
  ]
}

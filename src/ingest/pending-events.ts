import type { Event } from '../event.ts'
import type { LoggedEvent, PayloadPlace } from '../store/rooms/event-log.ts'
import type { RoomKey } from '../store/rooms/room-key.ts'
import type { Applied, Incoming } from './incoming.ts'

/** An event that is to be appended to the log of its room. */
export interface PendingEvent {
  readonly logged: LoggedEvent
  /** The counts of the delivery that has the event; undefined for a copy of an event. */
  readonly counts: Applied | undefined
}

/**
 * The events of one transaction, by room and in the order in which they came. Bounded by the deliveries of a commit.
 */
export interface PendingEvents {
  add(incoming: Incoming, event: Event, place: PayloadPlace, counts: Applied): void
  of(key: RoomKey): PendingEvent[]
  /** The rooms in the order of their keys: all processes lock in this order, which avoids deadlocks. */
  rooms(): { readonly key: RoomKey; readonly events: readonly PendingEvent[] }[]
}

export function pendingEvents(): PendingEvents {
  const rooms = new Map<string, { readonly key: RoomKey; readonly events: PendingEvent[] }>()
  const of = ({ accountSid, roomSid }: RoomKey) => {
    const id = `${accountSid} ${roomSid}`
    const room = rooms.get(id) ?? { key: { accountSid, roomSid }, events: [] }
    rooms.set(id, room)
    return room.events
  }
  return {
    of,
    add({ accountSid, feedId, feedKind, receivedAtMs }, event, payload, counts) {
      const logged = { feedId, feedKind, receivedAtMs, event, payload }
      of({ accountSid, roomSid: event.roomSid }).push({ logged, counts })
    },
    rooms: () => [...rooms].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, room]) => room),
  }
}

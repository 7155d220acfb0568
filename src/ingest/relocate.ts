import type { Event } from '../event.ts'
import type { LockedRoom } from '../store/rooms/locked-room.ts'
import type { RoomKey } from '../store/rooms/room-key.ts'
import type { PendingEvents } from './pending-events.ts'
import type { FeedMove } from './reduce-payloads.ts'

/**
 * Tells stays in the room that they turn out to belong to: their events are copied there, and an observation in the room
 * where they were told says where they are. `lockedRoom` gives a room that is locked.
 */
export async function relocate(
  moves: readonly FeedMove[],
  pending: PendingEvents,
  lockedRoom: (key: RoomKey) => Promise<LockedRoom>,
): Promise<void> {
  for (const group of Map.groupBy(moves, move => move.fromRoomSid).values()) {
    const [first] = group
    if (first === undefined) continue
    const { accountSid, feedId } = first.incoming
    const from = { accountSid, roomSid: first.fromRoomSid }
    const room = await lockedRoom(from)
    const stored = (await room.events(group.map(move => move.participantSid))).filter(
      event => event.feedId === feedId,
    )
    for (const { participantSid, toRoomSid, atMs, incoming, seq } of group) {
      const isOfStay = ({ event }: { event: Event }) =>
        'participantSid' in event && event.participantSid === participantSid
      const own = [...stored, ...pending.of(from).map(({ logged }) => logged)].filter(isOfStay)
      const to = pending.of({ accountSid, roomSid: toRoomSid })
      for (const logged of own) {
        const { event, feedKind, receivedAtMs, payload } = logged
        const copy = { feedId, feedKind, receivedAtMs, payload, event: { ...event, roomSid: toRoomSid } }
        to.push({ logged: copy, native: payload.at === 'event' ? payload.native : '', counts: undefined })
      }
      pending.of(from).push({
        logged: {
          ...{ feedId, feedKind: incoming.feedKind, receivedAtMs: incoming.receivedAtMs },
          event: relocated(participantSid, from.roomSid, toRoomSid, atMs),
          payload: { at: 'log', seq },
        },
        ...{ native: '{}', counts: undefined },
      })
    }
  }
}

/** That a stay is told in another room. */
export function relocated(participantSid: string, roomSid: string, toRoomSid: string, atMs: number): Event {
  return {
    kind: 'observation.participant_relocated',
    key: `relocated|${participantSid}|${toRoomSid}`,
    ...{ atMs, roomSid, room: {}, participantSid, participant: {}, toRoomSid },
  }
}

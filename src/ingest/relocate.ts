import type { Event, Relocation } from '../event.ts'
import type { LoggedEvent } from '../store/rooms/event-log.ts'
import type { LockedRoom } from '../store/rooms/locked-room.ts'
import type { RoomKey } from '../store/rooms/room-key.ts'
import type { PendingEvents } from './pending-events.ts'
import type { FeedMove } from './reduce-payloads.ts'

/**
 * Moves stays to the room that they turn out to belong to: copies their events there, and adds an observation to the
 * room in which they were listed, which names the new room. Does the moves in order, because a stay may move twice.
 * `lockedRoom` gives a room that is locked.
 */
export async function relocate(
  moves: readonly FeedMove[],
  pending: PendingEvents,
  lockedRoom: (key: RoomKey) => Promise<LockedRoom>,
): Promise<void> {
  const stored = await storedEvents(moves, lockedRoom)
  for (const { participantSid, fromRoomSid, toRoomSid, atMs, incoming, seq } of moves) {
    const { accountSid, feedId, feedKind, receivedAtMs } = incoming
    const from = pending.of({ accountSid, roomSid: fromRoomSid })
    const to = pending.of({ accountSid, roomSid: toRoomSid })
    const own = [...(stored.get(fromRoomSid) ?? []), ...from.map(({ logged }) => logged)].filter(
      ({ feedId: id, event }) => id === feedId && isOfStay(event, participantSid),
    )
    to.push(...own.map(logged => ({ logged: copiedTo(toRoomSid, logged, seq), counts: undefined })))
    const event = relocated(participantSid, fromRoomSid, toRoomSid, atMs)
    const logged = { feedId, feedKind, receivedAtMs, event, payload: { at: 'log', seq } as const }
    from.push({ logged, counts: undefined })
  }
}

/** The copy of an event for the room to which its stay moves. `movedSeq` is the place of the payload that showed it. */
export function copiedTo(
  roomSid: string,
  { feedId, feedKind, receivedAtMs, payload, event }: LoggedEvent,
  movedSeq: number,
): LoggedEvent {
  return {
    ...{ feedId, feedKind, receivedAtMs, event: { ...event, roomSid } },
    payload: payload.at === 'log' ? { ...payload, movedSeq } : payload,
  }
}

/** The observation that a stay is listed in another room. */
export function relocated(
  participantSid: string,
  roomSid: string,
  toRoomSid: string,
  atMs: number,
): Relocation {
  return {
    kind: 'observation.participant_relocated',
    key: `relocated|${participantSid}|${toRoomSid}`,
    ...{ atMs, roomSid, room: {}, participantSid, participant: {}, toRoomSid },
  }
}

/** The stored events of the stays that move, by the room in which they were listed. One statement for each room. */
async function storedEvents(
  moves: readonly FeedMove[],
  lockedRoom: (key: RoomKey) => Promise<LockedRoom>,
): Promise<Map<string, readonly LoggedEvent[]>> {
  const stored = new Map<string, readonly LoggedEvent[]>()
  for (const [roomSid, group] of Map.groupBy(moves, move => move.fromRoomSid)) {
    const [first] = group
    if (first === undefined) continue
    const room = await lockedRoom({ accountSid: first.incoming.accountSid, roomSid })
    stored.set(roomSid, await room.events(group.map(move => move.participantSid)))
  }
  return stored
}

function isOfStay(event: Event, participantSid: string): boolean {
  return 'participantSid' in event && event.participantSid === participantSid
}

import { showsRoom } from '../../event.ts'
import type { LoggedEvent, StoredEvent } from '../../store/rooms/event-log.ts'
import type { RoomKey } from '../../store/rooms/room-key.ts'
import { relocated } from '../relocate.ts'
import { sidsIn } from './stays-in-log.ts'

/** What the replay of the logs of feeds gave. */
export interface Replay {
  /** The last place of each feed's log that was reduced again, by the feed's id. */
  readonly lastSeqs: ReadonlyMap<string, number>
  /** The rooms that have events of these participants after the replay of the logs. */
  roomsOf(participantSids: readonly string[]): Promise<ReadonlyMap<string, string>>
}

/** Relocations for stays that were listed here and are now in another room, so that their SIDs lead there. */
export async function relocations(
  { roomSid: fromRoomSid }: RoomKey,
  logged: readonly StoredEvent[],
  told: readonly LoggedEvent[],
  { roomsOf, lastSeqs }: Replay,
): Promise<LoggedEvent[]> {
  const still = told === logged ? new Set<string>() : sidsIn(told)
  const gone = logged.filter(({ event }) => 'participantSid' in event && !still.has(event.participantSid))
  const rooms = await roomsOf([...sidsIn(gone)])
  const bySid = new Map(gone.map(one => ['participantSid' in one.event ? one.event.participantSid : '', one]))
  return [...bySid].flatMap(([sid, { feedId, feedKind, receivedAtMs, event }]): LoggedEvent[] => {
    const toRoomSid = rooms.get(sid)
    if (toRoomSid === undefined || toRoomSid === fromRoomSid) return []
    return [
      {
        ...{ feedId, feedKind, receivedAtMs },
        event: relocated(sid, fromRoomSid, toRoomSid, event.atMs),
        // With this place, the next rebuild gives the relocation again or leaves it out.
        payload: { at: 'log', seq: lastSeqs.get(feedId) ?? 0 },
      },
    ]
  })
}

/** The event that keeps a room whose stays are all in other rooms now. Without an event its SID would not be valid. */
export function emptyRoom(logged: readonly StoredEvent[]): LoggedEvent[] {
  const first = logged.find(({ event }) => showsRoom(event))
  if (first === undefined) return []
  const { feedId, feedKind, receivedAtMs, event } = first
  const { atMs, roomSid, room } = event
  return [
    {
      ...{ feedId, feedKind, receivedAtMs },
      event: { kind: 'room.updated', key: `emptied|${roomSid}`, atMs, roomSid, room },
      payload: { at: 'event', native: '{}', isReducible: false },
    },
  ]
}

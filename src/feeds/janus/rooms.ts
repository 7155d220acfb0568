import type { Event } from '../../event.ts'
import { roomSid } from '../../sid.ts'
import type { Linked } from '../feed.ts'
import { roomEmpty } from '../observation.ts'
import type { EmitterMemory, OpenRoom } from './memory.ts'
import type { JanusContext } from './reduce.ts'

type Claims = NonNullable<Linked['claims']>

/** How long a room may be empty and still be the same when somebody comes: for one of the configuration, and for one made through the API. */
export const EMPTY_LIMIT_MS = { static: 20_000, created: 24 * 3_600_000 }

/** The open instance of a room at this moment; a new one where there is none, or where it was empty for too long. */
export async function openRoom(context: JanusContext, nativeRoom: string) {
  const { memory, atMs } = context
  const open = await memory.get('room', nativeRoom)
  if (open === undefined) return await newRoom(context, nativeRoom, false)
  const { emptySinceMs = atMs, isCreated } = open
  if (atMs - emptySinceMs <= EMPTY_LIMIT_MS[isCreated ? 'created' : 'static']) {
    return { room: open, events: [], claims: [] }
  }
  const { room, claims } = await newRoom(context, nativeRoom, false)
  return { room, claims, events: emptyEvents(open, atMs) }
}

/** A new instance of a room, of which this is the first sign. */
export async function newRoom(
  { memory, source, emitter, atMs, payloadKey }: JanusContext,
  nativeRoom: string,
  isCreated: boolean,
): Promise<{ room: OpenRoom; events: Event[]; claims: Claims }> {
  const instance = `${emitter}|${nativeRoom}@${atMs}#${payloadKey}`
  const sid = roomSid(source.accountSid, source.feedId, instance)
  const room: OpenRoom = { roomSid: sid, nativeRoom, isCreated, members: 0, emptySinceMs: atMs }
  await memory.set('room', nativeRoom, room)
  return { room, events: [], claims: [{ roomSid: sid, instance }] }
}

/** That nobody is in the room any more, where that is so and not told yet. */
export function emptyEvents(room: OpenRoom, atMs: number): Event[] {
  const { emptySinceMs, toldEmptyMs } = room
  return emptySinceMs === undefined || emptySinceMs === toldEmptyMs
    ? []
    : [emptyEvent(room, emptySinceMs, atMs)]
}

/** That nobody was there any more; the same each time it is noticed. */
export function emptyEvent(
  { roomSid, nativeRoom }: Pick<OpenRoom, 'roomSid' | 'nativeRoom'>,
  emptySinceMs: number,
  atMs: number,
): Event {
  return roomEmpty({ roomSid, room: roomFacts(nativeRoom), lastSignMs: emptySinceMs, atMs })
}

/** What every event says of its room. */
export function roomFacts(nativeRoom: string) {
  return { nativeKey: nativeRoom, name: nativeRoom, type: 'group' as const }
}

/** Counts one more in the room, if this is the instance that is open. */
export async function enterRoom(memory: EmitterMemory, nativeRoom: string, roomSid: string): Promise<void> {
  const room = await memory.get('room', nativeRoom)
  if (room?.roomSid !== roomSid) return
  await memory.set('room', nativeRoom, { ...room, members: room.members + 1, emptySinceMs: undefined })
}

/** Notes that somebody was there until a moment; `members` is how many fewer are in the room since. */
export async function leaveRoom(
  memory: EmitterMemory,
  { nativeRoom, roomSid }: Pick<OpenRoom, 'nativeRoom' | 'roomSid'>,
  untilMs: number,
  fewer: 0 | 1,
): Promise<void> {
  const room = await memory.get('room', nativeRoom)
  if (room?.roomSid !== roomSid) return
  const members = Math.max(room.members - fewer, 0)
  const lastLeftMs = Math.max(room.lastLeftMs ?? 0, untilMs)
  const emptySinceMs = members === 0 ? lastLeftMs : undefined
  await memory.set('room', nativeRoom, { ...room, members, lastLeftMs, emptySinceMs })
}

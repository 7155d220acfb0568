import type { Event } from '../../event.ts'
import type { Claim } from '../feed.ts'
import { roomEmpty } from '../observation.ts'
import type { JanusContext } from './context.ts'
import { EMPTY_LIMIT_MS } from './due.ts'
import type { EmitterMemory } from './emitter-memory.ts'
import type { OpenRoom } from './entries.ts'

/** An instance of a room. */
type RoomKey = Pick<OpenRoom, 'nativeRoom' | 'roomSid'>

/** An instance of a room, with the events and claims that follow from finding it. */
export interface FoundRoom {
  readonly room: OpenRoom
  readonly events: readonly Event[]
  readonly claims: readonly Claim[]
}

/**
 * The instance of a room at the time of this event: the open one, or a new one if the open one was empty for too long.
 */
export async function findRoom(context: JanusContext, nativeRoom: string): Promise<FoundRoom> {
  const { memory, atMs } = context
  const open = await memory.get('room', nativeRoom)
  if (open === undefined) return beginRoom(context, nativeRoom, false)
  const { emptySinceMs = atMs, isCreated } = open
  if (atMs - emptySinceMs <= EMPTY_LIMIT_MS[isCreated ? 'created' : 'static']) {
    return { room: open, events: [], claims: [] }
  }
  return { ...beginRoom(context, nativeRoom, false), events: untoldEmptiness(open, atMs) }
}

/** Begins an instance of a room. The event that is its first sign claims its SID. */
export function beginRoom(
  { memory, source, atMs, payloadKey }: JanusContext,
  nativeRoom: string,
  isCreated: boolean,
): FoundRoom {
  const instance = `${memory.emitter}|${nativeRoom}@${atMs}#${payloadKey}`
  const roomSid = source.sidOf(instance)
  const room: OpenRoom = { roomSid, nativeRoom, isCreated, members: 0, emptySinceMs: atMs }
  memory.set('room', nativeRoom, room)
  return { room, events: [], claims: [{ roomSid, instance }] }
}

/** The event that the room is empty; none if it is not empty, or if that event was given before. */
export function untoldEmptiness(room: OpenRoom, atMs: number): Event[] {
  const { emptySinceMs, toldEmptyMs } = room
  if (emptySinceMs === undefined || emptySinceMs === toldEmptyMs) return []
  return [emptyEvent(room, emptySinceMs, atMs)]
}

/** The event that nobody was in the room from `emptySinceMs` on. It has the same key each time. */
export function emptyEvent({ roomSid, nativeRoom }: RoomKey, emptySinceMs: number, atMs: number): Event {
  return roomEmpty({ roomSid, room: roomFacts(nativeRoom), lastSignMs: emptySinceMs, atMs })
}

/** The facts in every event of a room. */
export function roomFacts(nativeRoom: string) {
  return { nativeKey: nativeRoom, name: nativeRoom, type: 'group' as const }
}

/** Counts one more member in the room, if this instance is the open one. */
export async function enterRoom(memory: EmitterMemory, nativeRoom: string, roomSid: string): Promise<void> {
  const room = await memory.get('room', nativeRoom)
  if (room?.roomSid !== roomSid) return
  memory.set('room', nativeRoom, { ...room, members: room.members + 1, emptySinceMs: undefined })
}

/** Notes that somebody was in the room until a moment, and counts so many members fewer from then on. */
export async function leaveRoom(
  memory: EmitterMemory,
  { nativeRoom, roomSid }: RoomKey,
  untilMs: number,
  fewer: 0 | 1,
): Promise<void> {
  const room = await memory.get('room', nativeRoom)
  if (room?.roomSid !== roomSid) return
  const members = Math.max(room.members - fewer, 0)
  const lastLeftMs = Math.max(room.lastLeftMs ?? 0, untilMs)
  setRoom(memory, { ...room, members, lastLeftMs })
}

/** Counts one more viewer in the room. Janus lets nobody subscribe to nothing: it is not empty at this moment. */
export async function enterAsViewer(memory: EmitterMemory, roomKey: RoomKey, atMs: number): Promise<void> {
  const room = await memory.get('room', roomKey.nativeRoom)
  if (room?.roomSid !== roomKey.roomSid) return
  const { viewers = 0, lastViewedMs = 0 } = room
  setRoom(memory, { ...room, viewers: viewers + 1, lastViewedMs: Math.max(lastViewedMs, atMs) })
}

/**
 * Counts one viewer fewer in the room from a moment on. Returns when the viewer left: at that moment, or before it when
 * the room became empty. Undefined if the instance of the viewer is over, and the viewer with it.
 */
export async function leaveAsViewer(
  memory: EmitterMemory,
  { nativeRoom, roomSid }: RoomKey,
  untilMs: number,
): Promise<number | undefined> {
  const room = await memory.get('room', nativeRoom)
  if (room?.roomSid !== roomSid) return undefined
  const { emptySinceMs, toldEmptyMs, lastViewedMs = 0 } = room
  if (emptySinceMs !== undefined && emptySinceMs === toldEmptyMs) return undefined
  const viewers = Math.max((room.viewers ?? 0) - 1, 0)
  const leftMs = Math.min(untilMs, emptySinceMs ?? untilMs)
  setRoom(memory, { ...room, viewers, lastViewedMs: Math.max(lastViewedMs, leftMs) })
  return leftMs
}

/**
 * Stores a room, and since when it is empty. Viewers keep a room open only if no event named a participant in it: then
 * its publishers joined before Rollcall received the feed.
 */
function setRoom(memory: EmitterMemory, room: OpenRoom): void {
  const { members, viewers = 0, lastLeftMs, lastViewedMs = 0 } = room
  const isUsed = members > 0 || (viewers > 0 && lastLeftMs === undefined)
  const emptySinceMs = isUsed ? undefined : Math.max(lastLeftMs ?? 0, lastViewedMs)
  memory.set('room', room.nativeRoom, { ...room, emptySinceMs })
}

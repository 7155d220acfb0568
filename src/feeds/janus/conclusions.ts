import type { Reduced } from '../feed.ts'
import { intOf, type Json, textOf } from '../json.ts'
import { participantSilent } from '../observation.ts'
import type { Payload } from '../payload.ts'
import type { EmitterMemory } from './emitter-memory.ts'
import type { Member, OpenRoom } from './entries.ts'
import { endMedia } from './media.ts'
import { memberFacts } from './members.ts'
import { leaveRoom, untoldEmptiness } from './rooms.ts'

/** The member of a payload that marks it as a conclusion of Rollcall. It is taken out of the payloads of Janus. */
export const CONCLUSION = 'rollcall'

const NOTHING: Reduced = { events: [], reason: 'What it concludes is over' }

/** The payload that says, at `atMs`, that the media of a stay are silent since `lastMs`; both in unix milliseconds. */
export function silentPayload(emitter: string, member: Member, lastMs: number, atMs: number): Payload {
  const { nativeRoom: room, nativeId: id, participantSid } = member
  const value = { [CONCLUSION]: 'silent', emitter, room, id, participantSid, lastMs, atMs }
  return { key: `expired|silent|${participantSid}|${lastMs}`, value, latestMs: atMs }
}

/** The payload that says, at `atMs`, that a room is empty since `lastMs`; both in unix milliseconds. */
export function emptyPayload(
  emitter: string,
  { nativeRoom: room, roomSid }: OpenRoom,
  lastMs: number,
  atMs: number,
): Payload {
  const value = { [CONCLUSION]: 'empty', emitter, room, roomSid, lastMs, atMs }
  return { key: `expired|empty|${roomSid}|${lastMs}`, value, latestMs: atMs }
}

/**
 * The payload that says, at `atMs`, that a Janus was heard at `lastMs`; both in unix milliseconds. It stands in the log
 * for statistics, which are not stored, so that a rebuild too knows when that Janus was last heard before a crash.
 */
export function heardPayload(emitter: string, lastMs: number, atMs: number): Payload {
  const value = { [CONCLUSION]: 'heard', emitter, lastMs, atMs }
  return { key: `expired|heard|${emitter}|${lastMs}`, value, latestMs: atMs }
}

/** Reduces a payload of Rollcall's own. It leads to nothing if what it concludes is not true any more. */
export async function reduceConclusion(value: Json, memory: EmitterMemory, atMs: number): Promise<Reduced> {
  const nativeRoom = textOf(value['room'])
  const lastMs = intOf(value['lastMs'])
  if (lastMs === undefined) return NOTHING
  if (value[CONCLUSION] === 'heard') return await noteHeard(lastMs, memory)
  if (nativeRoom === undefined) return NOTHING
  if (value[CONCLUSION] === 'empty') {
    const room = await memory.get('room', nativeRoom)
    if (room === undefined || room.roomSid !== value['roomSid']) return NOTHING
    return becomeEmpty(room, lastMs, memory, atMs)
  }
  const nativeId = textOf(value['id'])
  const member = nativeId === undefined ? undefined : await memory.get('member', { nativeRoom, nativeId })
  if (member === undefined || member.participantSid !== value['participantSid']) return NOTHING
  return await becomeSilent(member, lastMs, memory, atMs)
}

async function noteHeard(loggedMs: number, memory: EmitterMemory): Promise<Reduced> {
  const emitter = await memory.get('emitter', '')
  const lastMs = Math.max(emitter?.lastMs ?? 0, loggedMs)
  if (emitter !== undefined) memory.set('emitter', '', { ...emitter, lastMs, loggedMs })
  return { events: [], reason: 'It tells that Janus was heard' }
}

async function becomeSilent(
  member: Member,
  lastMs: number,
  memory: EmitterMemory,
  atMs: number,
): Promise<Reduced> {
  if (member.isOver || member.toldSilentMs !== undefined) return NOTHING
  memory.set('member', member, { ...member, toldSilentMs: lastMs })
  await endMedia(memory, member, lastMs)
  await leaveRoom(memory, member, lastMs, 1)
  const silence = { lastSignMs: lastMs, atMs, endReason: 'connection_lost' as const }
  return { events: [participantSilent({ ...memberFacts(member), ...silence })] }
}

function becomeEmpty(room: OpenRoom, lastMs: number, memory: EmitterMemory, atMs: number): Reduced {
  if (room.isOver || room.emptySinceMs !== lastMs) return NOTHING
  const events = untoldEmptiness(room, atMs)
  if (events.length === 0) return NOTHING
  memory.set('room', room.nativeRoom, { ...room, toldEmptyMs: lastMs })
  return { events }
}

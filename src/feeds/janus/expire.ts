import type { Event } from '../../event.ts'
import type { Quiet, Source } from '../feed.ts'
import type { Memory } from '../memory.ts'
import { participantSilent } from '../observation.ts'
import { ofMember } from './members.ts'
import { type EmitterMemory, everyEmitter, memberId } from './memory.ts'
import { EMPTY_LIMIT_MS, emptyEvents, leaveRoom } from './rooms.ts'

/** How long media that flowed may be silent, while everything else is heard, before their sender counts as gone. */
export const MEDIA_SILENCE_MS = 5 * 60_000
/** An empty room is found to be empty a little later than it may last: what came just in time is on its way. */
const SLACK_MS = 10_000

/** People whose media stopped while all the rest is heard, and rooms that are empty for too long; each told once. */
export async function sweepJanus(memory: Memory, _source: Source, quiet: Quiet): Promise<Event[]> {
  const events: Event[] = []
  for (const emitter of await everyEmitter(memory)) {
    events.push(...(await silentMembers(emitter, quiet)), ...(await emptyRooms(emitter, quiet)))
  }
  return events
}

async function silentMembers(memory: EmitterMemory, quiet: Quiet): Promise<Event[]> {
  const events: Event[] = []
  for (const member of await memory.all('member')) {
    const { lastMediaMs, toldSilentMs, isOver, nativeRoom, nativeId } = member
    if (lastMediaMs === undefined || toldSilentMs !== undefined || isOver) continue
    if (!quiet.wasHeard(lastMediaMs, MEDIA_SILENCE_MS)) continue
    const silence = { lastSignMs: lastMediaMs, atMs: quiet.nowMs, endReason: 'connection_lost' as const }
    events.push(participantSilent({ ...ofMember(member), ...silence }))
    await memory.set('member', memberId(nativeRoom, nativeId), { ...member, toldSilentMs: lastMediaMs })
    await leaveRoom(memory, member, lastMediaMs, 1)
  }
  return events
}

async function emptyRooms(memory: EmitterMemory, { nowMs }: Quiet): Promise<Event[]> {
  const events: Event[] = []
  for (const room of await memory.all('room')) {
    const { emptySinceMs = nowMs, isCreated, isOver } = room
    const limitMs = EMPTY_LIMIT_MS[isCreated ? 'created' : 'static'] + SLACK_MS
    if (isOver || nowMs - emptySinceMs <= limitMs) continue
    const empty = emptyEvents(room, nowMs)
    if (empty.length === 0) continue
    events.push(...empty)
    await memory.set('room', room.nativeRoom, { ...room, toldEmptyMs: emptySinceMs })
  }
  return events
}

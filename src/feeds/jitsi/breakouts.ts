import type { Event } from '../../event.ts'
import type { Source } from '../feed.ts'
import { type Memory, memoryKey } from '../memory.ts'
import { sidOfStay } from './instances.ts'

interface Stay {
  readonly roomKey: string
  readonly participantSid: string
  readonly joinedAtMs: number
  readonly leftAtMs?: number | undefined
  /** True once it was told that who left had moved. */
  readonly isToldMoved?: boolean | undefined
}

/** A move to a breakout, or back, is a leave and a join that lie so close together. */
const MOVE_WITHIN_MS = 5_000
/** Of one connection; it can hardly move more often in the time within which events are late. */
const STAYS_REMEMBERED = 32

/**
 * Who leaves a room and is, by the same connection, at once in a breakout of it has moved and not left. Told of the stay
 * that was left, as soon as both are known.
 */
export async function movesBetweenRooms(
  memory: Memory,
  source: Source,
  mainJid: string,
  occupantJid: string,
  told: Stay,
): Promise<Event[]> {
  const key = memoryKey('occupant', mainJid, occupantJid)
  const known = (await memory.get<Stay[]>(key)) ?? []
  const before = known.find(stay => stay.participantSid === told.participantSid)
  const stay = { ...before, ...told, leftAtMs: told.leftAtMs ?? before?.leftAtMs }
  const others = known.filter(({ participantSid }) => participantSid !== told.participantSid)
  const all = [...others, stay].sort((a, b) => a.joinedAtMs - b.joinedAtMs).slice(-STAYS_REMEMBERED)
  const moved = all.filter(from => !from.isToldMoved && all.some(to => isMove(from, to)))
  await memory.set(
    key,
    all.map(one => (moved.includes(one) ? { ...one, isToldMoved: true } : one)),
  )
  return await Promise.all(moved.map(from => movedEvent(memory, source, from)))
}

function isMove(from: Stay, to: Stay): boolean {
  if (from.roomKey === to.roomKey || from.leftAtMs === undefined) return false
  return Math.abs(to.joinedAtMs - from.leftAtMs) <= MOVE_WITHIN_MS && to.joinedAtMs > from.joinedAtMs
}

async function movedEvent(
  memory: Memory,
  source: Source,
  { roomKey, participantSid, joinedAtMs, leftAtMs }: Stay,
) {
  const event: Event = {
    kind: 'observation.participant_moved',
    key: `moved|${participantSid}`,
    atMs: leftAtMs ?? joinedAtMs,
    roomSid: await sidOfStay(memory, source, roomKey, joinedAtMs),
    ...{ room: {}, participantSid, participant: {} },
  }
  return event
}

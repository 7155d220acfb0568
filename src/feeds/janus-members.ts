import { END_REASON_ERROR_CODES, type EndReason, type Event } from '../event.ts'
import { participantSid, roomSid } from '../sid.ts'
import type { Linked } from './feed.ts'
import type { JanusContext } from './janus-link.ts'
import { type Member, memberId, type OpenRoom } from './janus-memory.ts'
import { known } from './json.ts'

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
  const isTold = open.toldEmptyMs === emptySinceMs
  return { room, claims, events: isTold ? [] : [emptyEvent(open, emptySinceMs, atMs)] }
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

/** That nobody was there any more; the same each time it is noticed. */
export function emptyEvent({ roomSid, nativeRoom }: OpenRoom, emptySinceMs: number, atMs: number): Event {
  return {
    kind: 'observation.room_empty',
    key: `empty|${roomSid}|${emptySinceMs}`,
    ...{ atMs, roomSid, room: roomFacts(nativeRoom), lastSignMs: emptySinceMs },
  }
}

export function roomFacts(nativeRoom: string) {
  return { nativeKey: nativeRoom, name: nativeRoom, type: 'group' as const }
}

/** Lets a member in. One under the same id that is still there has left, and that was lost. */
export async function openMember(context: JanusContext, room: OpenRoom, nativeId: string): Promise<Member> {
  const { memory, sessionId, handleId, atMs, emitter, payloadKey } = context
  const key = memberId(room.nativeRoom, nativeId)
  const before = await memory.get('member', key)
  const isThere = before !== undefined && !before.isOver && before.roomSid === room.roomSid
  const nativeKey = `${emitter}|${handleId ?? nativeId}@${atMs}#${payloadKey}`
  const member: Member = {
    ...{ participantSid: participantSid(room.roomSid, nativeKey), roomSid: room.roomSid },
    ...{ nativeRoom: room.nativeRoom, nativeId, sessionId, handleId },
  }
  await memory.set('member', key, member)
  const members = room.members + (isThere ? 0 : 1)
  await memory.set('room', room.nativeRoom, { ...room, members, emptySinceMs: undefined })
  if (handleId !== undefined) {
    const handle = await memory.get('handle', handleId)
    await memory.set('handle', handleId, {
      ...handle,
      sessionId: sessionId ?? handle?.sessionId ?? '',
      member: key,
    })
  }
  return member
}

/** Forgets a member that is gone, and notes when its room became empty. */
export async function closeMember({ memory, atMs }: JanusContext, key: string): Promise<void> {
  const member = await memory.get('member', key)
  if (member === undefined) return
  await memory.delete('member', key)
  const handle = member.handleId === undefined ? undefined : await memory.get('handle', member.handleId)
  if (member.handleId !== undefined && handle?.member === key) {
    await memory.set('handle', member.handleId, { sessionId: handle.sessionId })
  }
  const room = await memory.get('room', member.nativeRoom)
  if (room === undefined || room.roomSid !== member.roomSid || member.isOver) return
  const members = Math.max(room.members - 1, 0)
  const emptySinceMs = members === 0 ? atMs : undefined
  await memory.set('room', member.nativeRoom, { ...room, members, emptySinceMs })
}

/** That the connection of whoever is in a room by this handle is gone; its leave is mostly told right after. */
export async function gone(context: JanusContext, handleId: string): Promise<Event[]> {
  const { memory, atMs, payloadKey } = context
  const key = (await memory.get('handle', handleId))?.member
  const member = key === undefined ? undefined : await memory.get('member', key)
  if (member === undefined || member.isOver) return []
  return [
    {
      kind: 'observation.participant_gone',
      key: `${payloadKey}#${member.participantSid}`,
      atMs,
      ...ofMember(member),
      ...(await whyLeft(context, member)),
    },
  ]
}

/** What every event of a member says. */
export function ofMember({ participantSid: sid, roomSid: room, nativeRoom, nativeId }: Member) {
  const participant = { nativeKey: nativeId, seatKey: nativeId }
  return { roomSid: room, room: roomFacts(nativeRoom), participantSid: sid, participant }
}

/**
 * Why a member left that only says that it does: the transport or the session was gone before, or Janus shuts down.
 * It is put together from other events, and said to be.
 */
export async function whyLeft({ memory }: JanusContext, { sessionId }: Pick<Member, 'sessionId'>) {
  const emitter = await memory.get('emitter', '')
  const session = sessionId === undefined ? undefined : await memory.get('session', sessionId)
  const isLost =
    session?.ended === 'timeout' || (session?.isDisconnected === true && session.ended === undefined)
  const endReason: EndReason = emitter?.isStopping
    ? 'server_shutdown'
    : isLost
      ? 'connection_lost'
      : 'client_left'
  return known({ endReason, errorCode: END_REASON_ERROR_CODES[endReason], reasonInferred: true })
}

import { END_REASON_ERROR_CODES, type EndReason, type Event } from '../../event.ts'
import { participantSid } from '../../sid.ts'
import { known } from '../json.ts'
import { type EmitterMemory, type Member, memberId, type OpenRoom } from './memory.ts'
import type { JanusContext } from './reduce.ts'
import { enterRoom, leaveRoom, roomFacts } from './rooms.ts'

/** Lets a member in. One under the same id that is still there has left, and that was lost. */
export async function openMember(context: JanusContext, room: OpenRoom, nativeId: string): Promise<Member> {
  const { memory, sessionId, handleId, atMs, emitter, payloadKey } = context
  const key = memberId(room.nativeRoom, nativeId)
  const before = await memory.get('member', key)
  if (before?.roomSid === room.roomSid && isCounted(before)) await leaveRoom(memory, room, atMs, 1)
  const nativeKey = `${emitter}|${handleId ?? nativeId}@${atMs}#${payloadKey}`
  const member: Member = {
    ...{ participantSid: participantSid(room.roomSid, nativeKey), roomSid: room.roomSid },
    ...{ nativeRoom: room.nativeRoom, nativeId, sessionId, handleId },
  }
  await memory.set('member', key, member)
  await enterRoom(memory, room.nativeRoom, room.roomSid)
  if (handleId !== undefined) {
    const handle = await memory.get('handle', handleId)
    await memory.set('handle', handleId, { sessionId: sessionId ?? handle?.sessionId ?? '', member: key })
  }
  return member
}

/** Forgets a member that is gone, and notes when its room became empty. */
export async function closeMember({ memory, atMs }: JanusContext, key: string): Promise<void> {
  const member = await memory.get('member', key)
  if (member === undefined) return
  await memory.delete('member', key)
  const { handleId } = member
  const handle = handleId === undefined ? undefined : await memory.get('handle', handleId)
  if (handleId !== undefined && handle?.member === key) {
    await memory.set('handle', handleId, { sessionId: handle.sessionId })
  }
  if (!member.isOver) await leaveRoom(memory, member, atMs, isCounted(member) ? 1 : 0)
}

/** Who is in a room by this handle; not who holds that id by another handle since. */
export async function memberAt(memory: EmitterMemory, handleId: string | undefined) {
  const key = handleId === undefined ? undefined : (await memory.get('handle', handleId))?.member
  const member = key === undefined ? undefined : await memory.get('member', key)
  if (key === undefined || member === undefined || member.handleId !== handleId) return undefined
  return { key, member }
}

/** That the connection of whoever is in a room by this handle is gone; its leave is mostly told right after. */
export async function gone(context: JanusContext, handleId: string): Promise<Event[]> {
  const { memory, atMs, payloadKey } = context
  const { member } = (await memberAt(memory, handleId)) ?? {}
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

/** A handle is in one room at a time: whoever joins by it, as another than before, has left, and that was lost. */
export async function freeHandle(context: JanusContext, key: string): Promise<Event[]> {
  const { memory, handleId } = context
  const before = await memberAt(memory, handleId)
  if (handleId === undefined || before === undefined || before.key === key) return []
  const events = await gone(context, handleId)
  await closeMember(context, before.key)
  return events
}

/** Notes a sign of a member, and what follows from it; who was taken for gone is counted again. */
export async function showMember(
  { memory }: JanusContext,
  member: Member,
  changes: Partial<Member>,
): Promise<void> {
  if (member.toldSilentMs !== undefined) await enterRoom(memory, member.nativeRoom, member.roomSid)
  const key = memberId(member.nativeRoom, member.nativeId)
  await memory.set('member', key, { ...member, toldSilentMs: undefined, ...changes })
}

/** What every event of a member says. */
export function ofMember({ participantSid: sid, roomSid: room, nativeRoom, nativeId }: Member) {
  const participant = { nativeKey: nativeId, seatKey: nativeId }
  return { roomSid: room, room: roomFacts(nativeRoom), participantSid: sid, participant }
}

/**
 * Why a member left that only says that it does: the transport or the session was gone before, or Janus shuts down.
 * It is put together from other events, and said to be; of a session that nothing was heard of it stays unknown.
 */
export async function whyLeft({ memory }: JanusContext, { sessionId }: Pick<Member, 'sessionId'>) {
  const emitter = await memory.get('emitter', '')
  if (emitter?.isStopping) return inferredReason('server_shutdown')
  const session = sessionId === undefined ? undefined : await memory.get('session', sessionId)
  if (session === undefined) return {}
  const isLost =
    session.ended === 'timeout' || (session.isDisconnected === true && session.ended === undefined)
  return inferredReason(isLost ? 'connection_lost' : 'client_left')
}

function inferredReason(endReason: EndReason) {
  return known({ endReason, errorCode: END_REASON_ERROR_CODES[endReason], reasonInferred: true })
}

/** True for one of the members that its room counts. */
function isCounted({ isOver, toldSilentMs }: Member): boolean {
  return isOver !== true && toldSilentMs === undefined
}

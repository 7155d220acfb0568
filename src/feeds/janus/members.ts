import type { Event, ParticipantFacts } from '../../event.ts'
import { participantSid } from '../../sid.ts'
import type { JanusContext } from './context.ts'
import type { EmitterMemory } from './emitter-memory.ts'
import type { Member, MemberId, OpenRoom } from './entries.ts'
import { forgetMedia } from './media.ts'
import { enterRoom, leaveRoom, roomFacts } from './rooms.ts'

/** Begins a stay in a room. A stay under the same id that is still open ends: its leave was lost. */
export async function openMember(
  context: JanusContext,
  room: OpenRoom,
  nativeId: string,
  more: Pick<Member, 'isRelayed'>,
): Promise<Member> {
  const { memory, sessionId, handleId, atMs, payloadKey } = context
  const id = { nativeRoom: room.nativeRoom, nativeId }
  const before = await memory.get('member', id)
  if (before !== undefined) await forgetMedia(memory, before)
  if (before?.roomSid === room.roomSid && isCounted(before)) await leaveRoom(memory, room, atMs, 1)
  const nativeKey = `${memory.emitter}|${handleId ?? nativeId}@${atMs}#${payloadKey}`
  const sids = { participantSid: participantSid(room.roomSid, nativeKey), roomSid: room.roomSid }
  const member: Member = { ...sids, ...id, sessionId, handleId, ...more }
  memory.set('member', id, member)
  await enterRoom(memory, room.nativeRoom, room.roomSid)
  await refreshSession(memory, sessionId)
  if (handleId !== undefined) {
    const handle = (await memory.get('handle', handleId)) ?? { sessionId: '', isFromJoin: true }
    memory.set('handle', handleId, { ...handle, sessionId: sessionId ?? handle.sessionId, member: id })
  }
  return member
}

/** Forgets a stay that is over, and notes in its room when it ended. */
export async function closeMember({ memory, atMs }: JanusContext, id: MemberId): Promise<void> {
  const member = await memory.get('member', id)
  if (member === undefined) return
  await forgetMember(memory, member)
  if (!member.isOver) await leaveRoom(memory, member, atMs, isCounted(member) ? 1 : 0)
}

/** Forgets a stay with its media, and its handle if only the join showed the handle. */
export async function forgetMember(memory: EmitterMemory, member: Member): Promise<void> {
  memory.delete('member', member)
  await forgetMedia(memory, member)
  const { handleId } = member
  const handle = handleId === undefined ? undefined : await memory.get('handle', handleId)
  if (handleId === undefined || handle?.member === undefined || !isSame(handle.member, member)) return
  if (handle.isFromJoin) memory.delete('handle', handleId)
  else memory.set('handle', handleId, { ...handle, member: undefined })
}

/** Keeps the session of a stay that is still open from being forgotten. */
export async function refreshMember(memory: EmitterMemory, member: Member): Promise<void> {
  memory.set('member', member, member)
  await refreshSession(memory, member.sessionId)
}

/** The stay that uses this handle, unless another handle has taken its id since. */
export async function memberAt(
  memory: EmitterMemory,
  handleId: string | undefined,
): Promise<Member | undefined> {
  const handle = handleId === undefined ? undefined : await memory.get('handle', handleId)
  const id = handle?.member
  if (id === undefined) return undefined
  await memory.load([
    ['member', id],
    ['media', id],
  ])
  const member = await memory.get('member', id)
  return member?.handleId === handleId ? member : undefined
}

/** The event that the connection of the stay with this handle is gone, if there is one. Usually its leave follows. */
export async function connectionGone(context: JanusContext, handleId: string): Promise<Event[]> {
  const { memory, atMs, payloadKey } = context
  const member = await memberAt(memory, handleId)
  if (member === undefined || member.isOver) return []
  const key = `${payloadKey}#${member.participantSid}`
  const why = await whyLeft(memory, member)
  return [{ kind: 'observation.participant_gone', key, atMs, ...memberFacts(member), ...why }]
}

/**
 * Ends the stay that a handle still has when it joins as `id`: a handle is in one room at a time, so a leave was lost.
 */
export async function freeHandle(context: JanusContext, id: MemberId): Promise<Event[]> {
  const { memory, handleId } = context
  const before = await memberAt(memory, handleId)
  if (handleId === undefined || before === undefined || isSame(before, id)) return []
  const events = await connectionGone(context, handleId)
  await closeMember(context, before)
  return events
}

/** Notes a sign of a stay. If the stay was silent, its room counts it again. */
export async function showMember(memory: EmitterMemory, member: Member): Promise<void> {
  if (member.toldSilentMs === undefined) return
  await enterRoom(memory, member.nativeRoom, member.roomSid)
  memory.set('member', member, { ...member, toldSilentMs: undefined })
}

/** The facts in every event of a participant, and more of one event. */
export function memberFacts(
  { participantSid: sid, roomSid, nativeRoom, nativeId, isRelayed }: Member,
  more: ParticipantFacts = {},
) {
  const kind = isRelayed ? { kind: 'bridge' as const } : {}
  const participant = { nativeKey: nativeId, connectionKey: nativeId, ...kind, ...more }
  return { roomSid, room: roomFacts(nativeRoom), participantSid: sid, participant }
}

/** The event that shows a participant who is in the room. */
export function seenEvent({ payloadKey, atMs }: JanusContext, facts: ReturnType<typeof memberFacts>): Event {
  return { kind: 'participant.updated', key: `${payloadKey}#seen`, atMs, ...facts }
}

/** The leave of a participant, for the reason that is stated or inferred. */
export async function leaveEvent(
  { memory, payloadKey, atMs }: JanusContext,
  member: Member,
  names: ParticipantFacts,
  stated: { endReason: string } | undefined,
): Promise<Event> {
  const why = stated ?? (await whyLeft(memory, member))
  return { kind: 'participant.left', key: `${payloadKey}#0`, atMs, ...memberFacts(member, names), ...why }
}

/**
 * The reason of a leave that states none, inferred from other events: Janus shut down, the session timed out, or its
 * transport was gone before. Empty if the session is unknown.
 */
export async function whyLeft(memory: EmitterMemory, { sessionId }: Pick<Member, 'sessionId'>) {
  const emitter = await memory.get('emitter', '')
  if (emitter?.isStopping) return { endReason: 'server_shutdown', reasonInferred: true }
  const session = sessionId === undefined ? undefined : await memory.get('session', sessionId)
  if (session === undefined) return {}
  const isLost =
    session.ended === 'timeout' || (session.isDisconnected === true && session.ended === undefined)
  return { endReason: isLost ? 'connection_lost' : 'client_left', reasonInferred: true }
}

async function refreshSession(memory: EmitterMemory, sessionId: string | undefined): Promise<void> {
  const session = sessionId === undefined ? undefined : await memory.get('session', sessionId)
  if (sessionId !== undefined && session !== undefined) memory.set('session', sessionId, session)
}

/** True for a member whom its room counts. */
function isCounted({ isOver, toldSilentMs }: Member): boolean {
  return isOver !== true && toldSilentMs === undefined
}

function isSame(one: MemberId, other: MemberId): boolean {
  return one.nativeRoom === other.nativeRoom && one.nativeId === other.nativeId
}

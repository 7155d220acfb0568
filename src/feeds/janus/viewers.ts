import type { Event } from '../../event.ts'
import { participantSid } from '../../sid.ts'
import type { Reduced } from '../feed.ts'
import { idOf, type Json, omitUndefined } from '../json.ts'
import type { JanusContext } from './context.ts'
import type { EmitterMemory } from './emitter-memory.ts'
import type { Viewer, ViewerId } from './entries.ts'
import { whyLeft } from './members.ts'
import { enterAsViewer, findRoom, leaveAsViewer, roomFacts } from './rooms.ts'

/**
 * A handle subscribes in a room. Who is a participant there subscribes too, by handles that name the private id of the
 * participant or are of the same session. Any other session that subscribes is a viewer, whatever number of handles it
 * subscribes by.
 */
export async function beginViewing(context: JanusContext, data: Json, nativeRoom: string): Promise<Reduced> {
  const { memory, sessionId, handleId, opaqueId, atMs, payloadKey } = context
  if (sessionId === undefined || handleId === undefined) return nothing('It names no session')
  if (isOfParticipant(data) || (await isInRoom(memory, nativeRoom, sessionId))) {
    return nothing('It is of a participant')
  }
  const { room, events, claims } = await findRoom(context, nativeRoom)
  const id: ViewerId = { nativeRoom, sessionId }
  const before = await memory.get('viewer', id)
  const isNew = before?.roomSid !== room.roomSid
  const nativeKey = `${memory.emitter}|${handleId}@${atMs}#${payloadKey}`
  const viewer: Viewer = isNew
    ? {
        participantSid: participantSid(room.roomSid, nativeKey),
        roomSid: room.roomSid,
        ...id,
        handleIds: [handleId],
      }
    : { ...before, handleIds: [...before.handleIds.filter(other => other !== handleId), handleId] }
  memory.set('viewer', id, viewer)
  const handle = (await memory.get('handle', handleId)) ?? { sessionId, isFromJoin: true }
  memory.set('handle', handleId, { ...handle, viewer: id })
  if (!isNew) return nothing('It is of a viewer who is there')
  await enterAsViewer(memory, room, atMs)
  const facts = factsOf(viewer, {
    nativeKey: handleId,
    joinedAtMs: atMs,
    ...omitUndefined({ identity: opaqueId }),
  })
  const join: Event = { kind: 'participant.joined', key: `${payloadKey}#0`, atMs, ...facts }
  return { events: [...events, join], claims }
}

/** A handle is gone, or its session is. A viewer without a handle is gone too; Janus sends no other event of that. */
export async function stopViewing(context: JanusContext, handleId: string): Promise<Event[]> {
  const { memory } = context
  const viewer = await viewerAt(memory, handleId)
  if (viewer === undefined) return []
  const handleIds = viewer.handleIds.filter(other => other !== handleId)
  if (handleIds.length > 0) {
    memory.set('viewer', viewer, { ...viewer, handleIds })
    return []
  }
  return await viewerGone(context, viewer, await whyLeft(memory, viewer))
}

/** A viewer whose session joins the room is a participant from then on. */
export async function viewerJoins(
  context: JanusContext,
  { nativeRoom }: Pick<ViewerId, 'nativeRoom'>,
): Promise<Event[]> {
  const { memory, sessionId } = context
  const viewer = sessionId === undefined ? undefined : await memory.get('viewer', { nativeRoom, sessionId })
  return viewer === undefined ? [] : await viewerGone(context, viewer, {})
}

/** The viewer who subscribes by a handle. */
export async function viewerAt(memory: EmitterMemory, handleId: string): Promise<Viewer | undefined> {
  const id = (await memory.get('handle', handleId))?.viewer
  const viewer = id === undefined ? undefined : await memory.get('viewer', id)
  return viewer?.handleIds.includes(handleId) ? viewer : undefined
}

/** True if the instance of the room goes on, and the end of a handle of the viewer may be heard. */
export async function mayHearEnd(
  memory: EmitterMemory,
  { nativeRoom, roomSid, handleIds }: Viewer,
): Promise<boolean> {
  if ((await memory.get('room', nativeRoom))?.roomSid !== roomSid) return false
  for (const handleId of handleIds) {
    const handle = await memory.get('handle', handleId)
    if (handle !== undefined && handle.isFromJoin !== true) return true
  }
  return false
}

/**
 * Forgets a viewer who was there until a moment, and the handles that only subscriptions showed. Returns when the viewer
 * left; undefined if the instance of the room is over, and the viewer with it.
 */
export async function forgetViewer(
  memory: EmitterMemory,
  viewer: Viewer,
  untilMs: number,
): Promise<number | undefined> {
  memory.delete('viewer', viewer)
  for (const handleId of viewer.handleIds) {
    const handle = await memory.get('handle', handleId)
    if (handle?.isFromJoin && handle.member === undefined) memory.delete('handle', handleId)
  }
  return await leaveAsViewer(memory, viewer, untilMs)
}

async function viewerGone(
  { memory, atMs, payloadKey }: JanusContext,
  viewer: Viewer,
  why: Awaited<ReturnType<typeof whyLeft>>,
): Promise<Event[]> {
  const leftMs = await forgetViewer(memory, viewer, atMs)
  if (leftMs === undefined) return []
  const key = `${payloadKey}#${viewer.participantSid}`
  return [{ kind: 'observation.participant_gone', key, atMs: leftMs, ...factsOf(viewer), ...why }]
}

/** Janus gives a private id to each participant who joins; a subscription without one has 0. */
function isOfParticipant(data: Json): boolean {
  const privateId = idOf(data['private_id'])
  return privateId !== undefined && privateId !== '0'
}

async function isInRoom(memory: EmitterMemory, nativeRoom: string, sessionId: string): Promise<boolean> {
  const members = await memory.list('member', nativeRoom)
  return members.some(member => member.sessionId === sessionId && !member.isOver && !member.isSuperseded)
}

function factsOf({ participantSid: sid, roomSid, nativeRoom }: Viewer, more: object = {}) {
  const participant = { kind: 'viewer' as const, ...more }
  return { roomSid, room: roomFacts(nativeRoom), participantSid: sid, participant }
}

function nothing(reason: string): Reduced {
  return { events: [], reason }
}

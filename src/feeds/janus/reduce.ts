import type { Event } from '../../event.ts'
import type { Linked, Payload, Source } from '../feed.ts'
import { type Json, objectOf, textOf } from '../json.ts'
import type { Memory } from '../memory.ts'
import { closeMember, gone, memberAt, ofMember, showMember } from './members.ts'
import { EmitterMemory, type Session } from './memory.ts'
import { emptyEvents } from './rooms.ts'
import { linkVideoroom } from './videoroom.ts'

/** How often it is worth a write that media still flow; what comes sooner after their end is of before it. */
const MEDIA_SAMPLE_MS = 30_000

/** One event of Janus with all that bears on it. Everything in `memory` is of its emitter alone. */
export interface JanusContext {
  readonly payloadKey: string
  readonly atMs: number
  readonly emitter: string
  readonly sessionId: string | undefined
  readonly handleId: string | undefined
  readonly opaqueId: string | undefined
  readonly memory: EmitterMemory
  readonly source: Source
}

/** The events of one payload. Janus tells things in order, and nothing of a leave but room and id. */
export async function linkJanus(payload: Payload, memory: Memory, source: Source): Promise<Linked> {
  const { value, payloadKey, atMs } = payload
  if (atMs === 0) return { events: [], reason: 'It names no moment' }
  const emitter = textOf(value['emitter']) ?? ''
  const context: JanusContext = {
    payloadKey,
    atMs,
    emitter,
    sessionId: idOf(value['session_id']),
    handleId: idOf(value['handle_id']),
    opaqueId: textOf(value['opaque_id']),
    memory: new EmitterMemory(memory, emitter),
    source,
  }
  if (isBeginning(value['type'], objectOf(value['event']))) await noteStart(context)
  const known = await context.memory.get('emitter', '')
  const linked = await linkEvent(value['type'], value['subtype'], objectOf(value['event']) ?? {}, context)
  const now = (await context.memory.get('emitter', '')) ?? { lastMs: atMs }
  if (known === undefined || atMs > now.lastMs) {
    await context.memory.set('emitter', '', { ...now, lastMs: Math.max(now.lastMs, atMs) })
  }
  return linked
}

/** A native id: a number, or a text with `string_ids`. */
export function idOf(value: unknown): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : textOf(value)
}

async function linkEvent(
  type: unknown,
  subtype: unknown,
  event: Json,
  context: JanusContext,
): Promise<Linked> {
  switch (type) {
    case 1:
      return await linkSession(event, context)
    case 2:
      return await linkHandle(event, context)
    case 16:
      return subtype === 6 ? await linkConnection(event, context) : NOTHING
    case 32:
      return await linkMedia(subtype, context)
    case 64:
      return await linkVideoroom(event, context)
    case 128:
      return await linkTransport(event, context)
    case 256:
      return await linkCore(subtype, context)
    default:
      return NOTHING
  }
}

const HTTP = 'janus.transport.http'
/** Subtypes of the core's events. */
const STARTED = 1
const STOPPED = 2
/** Of media. */
const STATISTICS = 3
const NOTHING: Linked = { events: [], reason: 'It tells of no room' }

/** Says so only for an explicit end and for a timeout, not when the socket closes. */
async function linkSession(event: Json, context: JanusContext): Promise<Linked> {
  const { memory, sessionId } = context
  if (sessionId === undefined) return NOTHING
  const name = event['name']
  if (name === 'created') {
    const transport = objectOf(event['transport'])
    // A request over HTTP is a transport of its own, of which no end is told.
    const transportId = transport?.['transport'] === HTTP ? undefined : idOf(transport?.['id'])
    await memory.set('session', sessionId, { transportId, handleIds: [] })
    if (transportId !== undefined) {
      const others = (await memory.get('transport', transportId)) ?? []
      await memory.set('transport', transportId, [...others, sessionId])
    }
    return NOTHING
  }
  const session = await memory.get('session', sessionId)
  if (session === undefined || (name !== 'destroyed' && name !== 'timeout')) return NOTHING
  await keepSession(memory, sessionId, { ...session, ended: name })
  const events: Event[] = []
  for (const handleId of session.handleIds) events.push(...(await gone(context, handleId)))
  return events.length === 0 ? NOTHING : { events }
}

async function linkHandle(event: Json, context: JanusContext): Promise<Linked> {
  const { memory, sessionId, handleId } = context
  if (sessionId === undefined || handleId === undefined) return NOTHING
  const session = await memory.get('session', sessionId)
  if (event['name'] === 'attached') {
    await memory.set('handle', handleId, { sessionId })
    const handleIds = [...(session?.handleIds ?? []), handleId]
    await memory.set('session', sessionId, { ...session, handleIds })
    return NOTHING
  }
  if (event['name'] !== 'detached') return NOTHING
  const events = await gone(context, handleId)
  const there = await memberAt(memory, handleId)
  if (there !== undefined) await closeMember(context, there.key)
  await memory.delete('handle', handleId)
  if (session !== undefined) {
    const handleIds = session.handleIds.filter(id => id !== handleId)
    await keepSession(memory, sessionId, { ...session, handleIds })
  }
  return events.length === 0 ? NOTHING : { events }
}

/** Of one without handles, and without a transport whose end may still be told, nothing more need be known. */
async function keepSession(memory: EmitterMemory, sessionId: string, session: Session): Promise<void> {
  const { transportId, isDisconnected, ended, handleIds } = session
  const isOver = isDisconnected === true || ended !== undefined || transportId === undefined
  if (!isOver || handleIds.length > 0) return await memory.set('session', sessionId, session)
  await memory.delete('session', sessionId)
  if (transportId === undefined) return
  const others = (await memory.get('transport', transportId))?.filter(id => id !== sessionId) ?? []
  if (others.length > 0) await memory.set('transport', transportId, others)
  else await memory.delete('transport', transportId)
}

/** Ids of transports are pointers, and used again. */
async function linkTransport(event: Json, { memory }: JanusContext): Promise<Linked> {
  const id = idOf(event['id'])
  const name = objectOf(event['data'])?.['event']
  if (id === undefined || (name !== 'connected' && name !== 'disconnected')) return NOTHING
  const sessionIds = (await memory.get('transport', id)) ?? []
  await memory.delete('transport', id)
  if (name === 'connected') return NOTHING
  for (const sessionId of sessionIds) {
    const session = await memory.get('session', sessionId)
    if (session !== undefined) await keepSession(memory, sessionId, { ...session, isDisconnected: true })
  }
  return NOTHING
}

/** A hangup is of media alone: who hangs up is still in the room, and sends nothing. */
async function linkConnection(event: Json, { memory, handleId, atMs }: JanusContext): Promise<Linked> {
  const there = await memberAt(memory, handleId)
  if (event['connection'] !== 'hangup' || there === undefined) return NOTHING
  await memory.set('member', there.key, { ...there.member, lastMediaMs: undefined, mediaEndedMs: atMs })
  return NOTHING
}

/** Statistics come while media flow; the rest tells of changes alone, which may be few. */
async function linkMedia(subtype: unknown, context: JanusContext): Promise<Linked> {
  const { memory, handleId, atMs, payloadKey } = context
  const member = (await memberAt(memory, handleId))?.member
  if (member === undefined || member.isOver) return NOTHING
  const { lastMediaMs, mediaEndedMs = 0, toldSilentMs } = member
  if (subtype !== STATISTICS && lastMediaMs === undefined) return NOTHING
  if (atMs - Math.max(lastMediaMs ?? 0, mediaEndedMs) < MEDIA_SAMPLE_MS) return NOTHING
  await showMember(context, member, { lastMediaMs: atMs })
  if (toldSilentMs === undefined) return NOTHING
  return { events: [{ kind: 'participant.updated', key: `${payloadKey}#seen`, atMs, ...ofMember(member) }] }
}

/** True for what happens only at a Janus that runs. */
function isBeginning(type: unknown, event: Json | undefined): boolean {
  const isJoin = type === 64 && objectOf(event?.['data'])?.['event'] === 'joined'
  return (
    isJoin || (type === 1 && event?.['name'] === 'created') || (type === 2 && event?.['name'] === 'attached')
  )
}

/** After a shutdown whatever begins shows that Janus started again, and that its start was lost. */
async function noteStart(context: JanusContext): Promise<void> {
  const { memory, atMs } = context
  if ((await memory.get('emitter', ''))?.isStopping) await forgetAll(memory, atMs)
}

async function forgetAll(memory: EmitterMemory, atMs: number): Promise<void> {
  for (const kind of ['room', 'member', 'handle', 'session', 'transport'] as const) await memory.clear(kind)
  await memory.set('emitter', '', { lastMs: atMs })
}

/** A start without a shutdown before it: whoever was there was lost with the last that was heard. */
async function linkCore(subtype: unknown, context: JanusContext): Promise<Linked> {
  const { memory, atMs, payloadKey } = context
  if (subtype !== STARTED && subtype !== STOPPED) return NOTHING
  const emitter = await memory.get('emitter', '')
  const isCrash = subtype === STARTED
  const rooms = (await memory.all('room')).filter(room => !room.isOver)
  const lastSignMs = isCrash ? (emitter?.lastMs ?? atMs) : atMs
  const endReason = isCrash ? 'server_crash' : 'server_shutdown'
  const events = rooms.flatMap((room): Event[] => {
    const { roomSid, isCreated, emptySinceMs } = room
    // Nobody was there to be lost.
    if (emptySinceMs !== undefined && !isCreated) return emptyEvents(room, atMs)
    const common = { atMs, roomSid, room: {}, endReason, lastSignMs }
    return [{ kind: 'observation.server_gone', key: `${payloadKey}#${roomSid}`, ...common }]
  })
  if (subtype === STARTED) {
    await forgetAll(memory, atMs)
  } else {
    // Each member's leave is still to come.
    for (const room of rooms) await memory.set('room', room.nativeRoom, { ...room, isOver: true })
    await memory.set('emitter', '', { lastMs: atMs, isStopping: true })
  }
  return events.length === 0 ? NOTHING : { events }
}

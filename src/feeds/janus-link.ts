import type { Event } from '../event.ts'
import type { Memory } from '../memory.ts'
import type { Linked, Payload, Source } from './feed.ts'
import { closeMember, emptyEvent, gone } from './janus-members.ts'
import { EmitterMemory } from './janus-memory.ts'
import { linkVideoroom } from './janus-videoroom.ts'
import { type Json, objectOf, textOf } from './json.ts'

/** How often it is worth a write that media still flow. */
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
      return await linkMedia(context)
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

const NOTHING: Linked = { events: [], reason: 'It tells of no room' }

/** Says so only for an explicit end and for a timeout, not when the socket closes. */
async function linkSession(event: Json, { memory, sessionId, ...rest }: JanusContext): Promise<Linked> {
  if (sessionId === undefined) return NOTHING
  const context = { memory, sessionId, ...rest }
  const name = event['name']
  if (name === 'created') {
    const transportId = idOf(objectOf(event['transport'])?.['id'])
    await memory.set('session', sessionId, { transportId, handleIds: [] })
    if (transportId !== undefined) {
      const others = (await memory.get('transport', transportId)) ?? []
      await memory.set('transport', transportId, [...others, sessionId])
    }
    return NOTHING
  }
  const session = await memory.get('session', sessionId)
  if (session === undefined || (name !== 'destroyed' && name !== 'timeout')) return NOTHING
  await memory.set('session', sessionId, { ...session, ended: name })
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
  const handle = await memory.get('handle', handleId)
  if (handle?.member !== undefined) await closeMember(context, handle.member)
  await memory.delete('handle', handleId)
  if (session !== undefined) await letGo(context, sessionId, handleId)
  return events.length === 0 ? NOTHING : { events }
}

/** A session whose transport and handles are gone is never heard of again. */
async function letGo({ memory }: JanusContext, sessionId: string, handleId: string): Promise<void> {
  const session = await memory.get('session', sessionId)
  if (session === undefined) return
  const handleIds = session.handleIds.filter(id => id !== handleId)
  const isOver = session.isDisconnected === true || session.ended !== undefined
  if (isOver && handleIds.length === 0) await memory.delete('session', sessionId)
  else await memory.set('session', sessionId, { ...session, handleIds })
}

/** Ids of transports are pointers, and used again. */
async function linkTransport(event: Json, { memory }: JanusContext): Promise<Linked> {
  const id = idOf(event['id'])
  const name = objectOf(event['data'])?.['event']
  if (id === undefined) return NOTHING
  if (name === 'connected') await memory.delete('transport', id)
  if (name !== 'disconnected') return NOTHING
  for (const sessionId of (await memory.get('transport', id)) ?? []) {
    const session = await memory.get('session', sessionId)
    if (session === undefined) continue
    if (session.handleIds.length === 0) await memory.delete('session', sessionId)
    else await memory.set('session', sessionId, { ...session, isDisconnected: true })
  }
  await memory.delete('transport', id)
  return NOTHING
}

/** A hangup is of media alone: who hangs up is still in the room, and sends nothing. */
async function linkConnection(event: Json, { memory, handleId }: JanusContext): Promise<Linked> {
  if (event['connection'] !== 'hangup' || handleId === undefined) return NOTHING
  const key = (await memory.get('handle', handleId))?.member
  const member = key === undefined ? undefined : await memory.get('member', key)
  if (key !== undefined && member !== undefined)
    await memory.set('member', key, { ...member, lastMediaMs: undefined })
  return NOTHING
}

async function linkMedia({ memory, handleId, atMs }: JanusContext): Promise<Linked> {
  const key = handleId === undefined ? undefined : (await memory.get('handle', handleId))?.member
  const member = key === undefined ? undefined : await memory.get('member', key)
  if (key !== undefined && member !== undefined && atMs - (member.lastMediaMs ?? 0) >= MEDIA_SAMPLE_MS) {
    await memory.set('member', key, { ...member, lastMediaMs: atMs })
  }
  return NOTHING
}

/** A start without a shutdown before it: whoever was there was lost with the last that was heard. */
async function linkCore(subtype: unknown, context: JanusContext): Promise<Linked> {
  const { memory, atMs, payloadKey } = context
  if (subtype !== 1 && subtype !== 2) return NOTHING
  const emitter = await memory.get('emitter', '')
  const isCrash = subtype === 1 && emitter?.isStopping !== true
  const rooms = subtype === 1 && !isCrash ? [] : await memory.all('room')
  const lastSignMs = isCrash ? (emitter?.lastMs ?? atMs) : atMs
  const endReason = isCrash ? 'server_crash' : 'server_shutdown'
  const events = rooms.flatMap((room): Event[] => {
    const { roomSid, isCreated, emptySinceMs, toldEmptyMs } = room
    // Nobody was there to be lost.
    if (emptySinceMs !== undefined && !isCreated) {
      return toldEmptyMs === emptySinceMs ? [] : [emptyEvent(room, emptySinceMs, atMs)]
    }
    const common = { atMs, roomSid, room: {}, endReason, lastSignMs }
    return [{ kind: 'observation.server_gone', key: `${payloadKey}#${roomSid}`, ...common }]
  })
  await memory.clear('room')
  // At a shutdown each member's leave is still to come.
  if (subtype === 1)
    for (const kind of ['member', 'handle', 'session', 'transport'] as const) await memory.clear(kind)
  await memory.set('emitter', '', { lastMs: atMs, isStopping: subtype === 2 })
  return events.length === 0 ? NOTHING : { events }
}

import type { Reduced, Source } from '../feed.ts'
import { idOf, intOf, type Json, momentOf, objectOf, textOf } from '../json.ts'
import type { Memory } from '../memory.ts'
import type { Payload } from '../payload.ts'
import { CONCLUSION, reduceConclusion } from './conclusions.ts'
import { type JanusContext, NOTHING } from './context.ts'
import { EmitterMemory, type EntryId, type EntryRef } from './emitter-memory.ts'
import type { Kind } from './entries.ts'
import { isStatistics, reduceConnection, reduceMedia } from './media-events.ts'
import { noteStart, reduceCore } from './server.ts'
import { reduceHandle, reduceSession, reduceTransport, transportOf } from './sessions.ts'
import { idsOf, reduceVideoroom } from './videoroom.ts'

/**
 * The events of one payload. Janus sends its events in order, and each has only a part of the facts: the memory joins
 * sessions, handles and members. The types are those in the documentation of the event handlers:
 * janus.conf.meetecho.com/docs/eventhandlers.
 */
export async function reduceJanus(payload: Payload, memory: Memory, source: Source): Promise<Reduced> {
  const { key: payloadKey, value } = payload
  const isConclusion = value[CONCLUSION] !== undefined
  const atMs = isConclusion ? intOf(value['atMs']) : momentOf(value['timestamp'])
  if (atMs === undefined) return { events: [], reason: 'It names no moment' }
  const emitter = new EmitterMemory(memory, textOf(value['emitter']) ?? '', atMs)
  if (isConclusion) return await reduceConclusion(value, emitter, atMs)
  const context: JanusContext = {
    ...{ payloadKey, atMs, memory: emitter, source },
    sessionId: idOf(value['session_id']),
    handleId: idOf(value['handle_id']),
    opaqueId: idOf(value['opaque_id']),
  }
  const event = objectOf(value['event']) ?? {}
  await emitter.load(namedBy(event, context))
  await noteStart(value['type'], event, context)
  const before = await emitter.get('emitter', '')
  const reduced = await reduceEvent(value, event, context)
  const after = (await emitter.get('emitter', '')) ?? { lastMs: atMs }
  if (before === undefined || atMs > after.lastMs) {
    const loggedMs = isStatistics(value) ? (after.loggedMs ?? after.lastMs) : undefined
    emitter.set('emitter', '', { ...after, lastMs: Math.max(after.lastMs, atMs), loggedMs })
  }
  return reduced
}

async function reduceEvent(value: Json, event: Json, context: JanusContext): Promise<Reduced> {
  switch (value['type']) {
    case 1:
      return await reduceSession(event, context)
    case 2:
      return await reduceHandle(event, context)
    case 16:
      return value['subtype'] === 6 ? await reduceConnection(event, context) : NOTHING
    case 32:
      return await reduceMedia(value['subtype'], context)
    case 64:
      return await reduceVideoroom(event, context)
    case 128:
      return await reduceTransport(event, context)
    case 256:
      return await reduceCore(value['subtype'], context)
    default:
      return NOTHING
  }
}

/** The entries that an event itself names. They are read by one statement. */
function namedBy(event: Json, { sessionId, handleId }: JanusContext): EntryRef[] {
  const transportId = transportOf(event) ?? idOf(event['id'])
  const { nativeRoom, nativeId } = idsOf(event)
  const named: (readonly [Kind, EntryId | undefined])[] = [
    ['emitter', ''],
    ['transport', transportId],
    ['session', sessionId],
    ['handle', handleId],
    ['room', nativeRoom],
  ]
  const entries: EntryRef[] = named.flatMap(([kind, id]) => (id === undefined ? [] : [[kind, id]]))
  if (nativeRoom === undefined) return entries
  if (sessionId !== undefined) entries.push(['viewer', { nativeRoom, sessionId }])
  if (nativeId === undefined) return entries
  const member = { nativeRoom, nativeId }
  return [...entries, ['member', member], ['media', member]]
}

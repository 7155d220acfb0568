import type { Event } from '../../event.ts'
import type { Reduced } from '../feed.ts'
import { idOf, type Json, objectOf } from '../json.ts'
import { type JanusContext, NOTHING } from './context.ts'
import type { EmitterMemory } from './emitter-memory.ts'
import type { Session } from './entries.ts'
import { closeMember, connectionGone, memberAt } from './members.ts'
import { stopViewing } from './viewers.ts'

const HTTP = 'janus.transport.http'

/** Type 1: sessions. Janus sends `destroyed` and `timeout`, but no event for a session whose WebSocket closes. */
export async function reduceSession(event: Json, context: JanusContext): Promise<Reduced> {
  const { memory, sessionId } = context
  if (sessionId === undefined) return NOTHING
  const name = event['name']
  if (name === 'created') {
    await beginSession(memory, sessionId, transportOf(event))
    return NOTHING
  }
  const session = await memory.get('session', sessionId)
  if (session === undefined || (name !== 'destroyed' && name !== 'timeout')) return NOTHING
  await keepSession(memory, sessionId, { ...session, ended: name })
  await memory.load(session.handleIds.map(id => ['handle', id] as const))
  const events: Event[] = []
  for (const handleId of session.handleIds) events.push(...(await handleGone(context, handleId)))
  return events.length === 0 ? NOTHING : { events }
}

/** Type 2: handles. */
export async function reduceHandle(event: Json, context: JanusContext): Promise<Reduced> {
  const { memory, sessionId, handleId } = context
  if (sessionId === undefined || handleId === undefined) return NOTHING
  const session = await memory.get('session', sessionId)
  if (event['name'] === 'attached') {
    memory.set('handle', handleId, { sessionId })
    const handleIds = [...without(session?.handleIds, handleId), handleId]
    memory.set('session', sessionId, { ...session, handleIds })
    return NOTHING
  }
  if (event['name'] !== 'detached') return NOTHING
  const events = await handleGone(context, handleId)
  const member = await memberAt(memory, handleId)
  if (member !== undefined) await closeMember(context, member)
  await forgetHandle(memory, sessionId, handleId)
  return events.length === 0 ? NOTHING : { events }
}

async function handleGone(context: JanusContext, handleId: string): Promise<Event[]> {
  return [...(await connectionGone(context, handleId)), ...(await stopViewing(context, handleId))]
}

/**
 * Type 128: transports. Janus uses the id of a transport again. If a transport connects under a known id, the sessions
 * that are remembered under this id belong to an earlier transport.
 */
export async function reduceTransport(event: Json, { memory }: JanusContext): Promise<Reduced> {
  const id = idOf(event['id'])
  const name = objectOf(event['data'])?.['event']
  if (id === undefined || (name !== 'connected' && name !== 'disconnected')) return NOTHING
  const transport = await memory.get('transport', id)
  if (transport === undefined) return NOTHING
  memory.delete('transport', id)
  if (name === 'connected') return NOTHING
  await memory.load(transport.sessionIds.map(sessionId => ['session', sessionId] as const))
  for (const sessionId of transport.sessionIds) {
    const session = await memory.get('session', sessionId)
    if (session !== undefined) await keepSession(memory, sessionId, { ...session, isDisconnected: true })
  }
  return NOTHING
}

/** The transport of a session that is created; undefined for HTTP, where each request is a transport without an end. */
export function transportOf(event: Json): string | undefined {
  const transport = objectOf(event['transport'])
  return transport?.['transport'] === HTTP ? undefined : idOf(transport?.['id'])
}

/** Forgets a handle, also in the list of its session. */
export async function forgetHandle(
  memory: EmitterMemory,
  sessionId: string,
  handleId: string,
): Promise<void> {
  memory.delete('handle', handleId)
  const session = await memory.get('session', sessionId)
  if (session === undefined) return
  await keepSession(memory, sessionId, { ...session, handleIds: without(session.handleIds, handleId) })
}

/** Forgets a session, also in the list of its transport; a transport without sessions is forgotten too. */
export async function forgetSession(
  memory: EmitterMemory,
  sessionId: string,
  session: Session,
): Promise<void> {
  memory.delete('session', sessionId)
  const { transportId } = session
  const transport = transportId === undefined ? undefined : await memory.get('transport', transportId)
  if (transportId === undefined || transport === undefined) return
  const sessionIds = without(transport.sessionIds, sessionId)
  if (sessionIds.length > 0) memory.set('transport', transportId, { sessionIds })
  else memory.delete('transport', transportId)
}

async function beginSession(memory: EmitterMemory, sessionId: string, transportId: string | undefined) {
  memory.set('session', sessionId, { transportId, handleIds: [] })
  if (transportId === undefined) return
  const transport = await memory.get('transport', transportId)
  const sessionIds = [...without(transport?.sessionIds, sessionId), sessionId]
  memory.set('transport', transportId, { sessionIds })
}

/** Saves a session, or forgets it once it has no handles and no later event can matter for it. */
async function keepSession(memory: EmitterMemory, sessionId: string, session: Session): Promise<void> {
  const { transportId, isDisconnected, ended, handleIds } = session
  const isOver = isDisconnected === true || ended !== undefined || transportId === undefined
  if (isOver && handleIds.length === 0) await forgetSession(memory, sessionId, session)
  else memory.set('session', sessionId, session)
}

function without(ids: readonly string[] | undefined, id: string): string[] {
  return ids?.filter(other => other !== id) ?? []
}

import type { Event } from '../../event.ts'
import type { Reduced } from '../feed.ts'
import { type Json, objectOf } from '../json.ts'
import { type JanusContext, NOTHING } from './context.ts'
import type { EmitterMemory } from './emitter-memory.ts'
import { untoldEmptiness } from './rooms.ts'

/** Subtypes of the events of Janus itself. */
const STARTED = 1
const STOPPED = 2

/**
 * Type 256: Janus starts or shuts down. After a shutdown the members of its rooms leave one by one. A start without a
 * shutdown before it shows a crash: the stays ended with the last event before it.
 */
export async function reduceCore(subtype: unknown, context: JanusContext): Promise<Reduced> {
  const { memory, atMs, payloadKey } = context
  if (subtype !== STARTED && subtype !== STOPPED) return NOTHING
  const isCrash = subtype === STARTED
  const lastMs = (await memory.get('emitter', ''))?.lastMs ?? atMs
  const rooms = (await memory.list('room')).filter(room => !room.isOver)
  const gone = {
    ...{ kind: 'observation.server_gone' as const, atMs, room: {} },
    endReason: isCrash ? 'server_crash' : 'server_shutdown',
    lastSignMs: isCrash ? lastMs : atMs,
  }
  const events = rooms.flatMap((room): Event[] => {
    const { roomSid, isCreated, emptySinceMs } = room
    // A room of the configuration was over already when its last member had left.
    if (emptySinceMs !== undefined && !isCreated) return untoldEmptiness(room, atMs)
    return [{ ...gone, key: `${payloadKey}#${roomSid}`, roomSid }]
  })
  if (isCrash) {
    await forgetServer(memory, atMs)
  } else {
    for (const room of rooms) memory.set('room', room.nativeRoom, { ...room, isOver: true })
    memory.set('emitter', '', { lastMs: atMs, isStopping: true })
  }
  return events.length === 0 ? NOTHING : { events }
}

/** After a shutdown, a new session, handle or join shows that Janus started again and that its `started` was lost. */
export async function noteStart(type: unknown, event: Json, { memory, atMs }: JanusContext): Promise<void> {
  if (!isBeginning(type, event) || !(await memory.get('emitter', ''))?.isStopping) return
  await forgetServer(memory, atMs)
}

/** Forgets all that a Janus lost when it ended. Media are forgotten within minutes, as they are without a member. */
export async function clearServer(memory: EmitterMemory): Promise<void> {
  for (const kind of ['room', 'member', 'viewer', 'handle', 'session', 'transport'] as const)
    await memory.clear(kind)
}

async function forgetServer(memory: EmitterMemory, atMs: number): Promise<void> {
  await clearServer(memory)
  memory.set('emitter', '', { lastMs: atMs })
}

/** True for an event that only a running Janus sends: a session, a handle or a stay begins. */
function isBeginning(type: unknown, event: Json): boolean {
  const isJoin = type === 64 && objectOf(event['data'])?.['event'] === 'joined'
  return isJoin || (type === 1 && event['name'] === 'created') || (type === 2 && event['name'] === 'attached')
}

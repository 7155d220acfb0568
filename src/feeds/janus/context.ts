import type { Reduced, Source } from '../feed.ts'
import type { EmitterMemory } from './emitter-memory.ts'

/** The members that every event of Janus may have, and the memory of the Janus that sent it. */
export interface JanusContext {
  readonly payloadKey: string
  /** When the event happened, in unix milliseconds. */
  readonly atMs: number
  readonly sessionId: string | undefined
  readonly handleId: string | undefined
  readonly opaqueId: string | undefined
  readonly memory: EmitterMemory
  readonly source: Source
}

/** What an event leads to that tells of no room. */
export const NOTHING: Reduced = { events: [], reason: 'It tells of no room' }

import type { Event } from '../event.ts'

/** How far the clock of a sender may be ahead of ours. */
const LIMIT_MS = 5 * 60_000

/** True if a moment is more than LIMIT_MS after now: the event or payload that states it is "of the future". */
export function isOfFuture(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + LIMIT_MS
}

/** The latest moment that an event states, in unix milliseconds. */
export function latestMomentOf(event: Event): number {
  const joinedAtMs = 'participant' in event ? event.participant.joinedAtMs : undefined
  return Math.max(event.atMs, event.room.startedAtMs ?? 0, joinedAtMs ?? 0)
}

import type { Event } from '../event.ts'

const LIMIT_MS = 5 * 60_000

/** True for a moment that no clock of today can have seen; what is long past is fine. */
export function isOfFuture(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + LIMIT_MS
}

/** The latest moment that an event states, in unix milliseconds. */
export function latestMomentOf(event: Event): number {
  const joinedAtMs = 'participant' in event ? event.participant.joinedAtMs : undefined
  return Math.max(event.atMs, event.room.startedAtMs ?? 0, joinedAtMs ?? 0)
}

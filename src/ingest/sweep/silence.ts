import type { Event } from '../../event.ts'
import type { Feed, Quiet } from '../../feeds/feed.ts'
import { participantSilent, roomEmpty } from '../../feeds/observation.ts'
import type { FoundParticipant, FoundRoom, OpenStays } from '../../store/rooms/open-stays.ts'
import type { Span } from '../../store/uptime.ts'

/** An observation, and the feed whose room it is of. */
export interface Found {
  readonly accountSid: string
  readonly feedId: string
  readonly feedKind: string
  readonly event: Event
}

const FOUND_AT_ONCE = 500

/**
 * The silence of now as one feed hears it: time in which no server was up, or after which the feed itself was not heard,
 * is no silence.
 */
export function quietOf(nowMs: number, heardMs: number | undefined, uptime: readonly Span[]): Quiet {
  return {
    nowMs,
    wasHeard(fromMs, ms) {
      const untilMs = Math.min(nowMs, heardMs ?? 0)
      const awakeMs = uptime.map(span => Math.min(span.untilMs, untilMs) - Math.max(span.fromMs, fromMs))
      return awakeMs.reduce((sum, overlapMs) => sum + Math.max(overlapMs, 0), 0) >= ms
    },
  }
}

/** Stays, and rooms with nobody in them, that were silent for longer than their feed lets them. */
export async function findSilent(
  open: OpenStays,
  { kind, silenceLimitMs }: Feed,
  nowMs: number,
  quietFor: (feedId: string) => Quiet,
): Promise<Found[]> {
  if (silenceLimitMs === undefined) return []
  const isSilent = ({ feedId, seenMs }: FoundRoom) => quietFor(feedId).wasHeard(seenMs, silenceLimitMs)
  const before = nowMs - silenceLimitMs
  const people = await open.silentParticipants(kind, before, FOUND_AT_ONCE)
  const rooms = await open.silentRooms(kind, before, FOUND_AT_ONCE)
  return [
    ...people.filter(isSilent).map(one => found(kind, one, silentEvent(one, nowMs))),
    ...rooms.filter(isSilent).map(room => found(kind, room, emptyEvent(room, nowMs))),
  ]
}

export function found(feedKind: string, { accountSid, feedId }: FoundRoom, event: Event): Found {
  return { accountSid, feedId, feedKind, event }
}

function silentEvent({ roomSid, participantSid, seenMs }: FoundParticipant, atMs: number): Event {
  return participantSilent({ roomSid, participantSid, lastSignMs: seenMs, atMs, endReason: 'timeout' })
}

function emptyEvent({ roomSid, seenMs }: FoundRoom, atMs: number): Event {
  return roomEmpty({ roomSid, lastSignMs: seenMs, atMs })
}

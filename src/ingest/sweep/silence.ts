import type { Event } from '../../event.ts'
import type { Feed, ListeningWindow } from '../../feeds/feed.ts'
import { participantSilent, roomEmpty } from '../../feeds/observation.ts'
import type { FoundRoom, OpenStays } from '../../store/rooms/open-stays.ts'
import type { Span } from '../../store/uptime.ts'

/** An observation, and the feed whose room it is about. */
export interface Found {
  readonly accountSid: string
  readonly feedId: string
  readonly feedKind: string
  readonly event: Event
}

const FOUND_AT_ONCE = 500

/**
 * The listening window of one feed. Time in which no server of Rollcall was up does not count, nor does the time after
 * the last delivery of the feed. `heardMs` is when any server last received the feed; `uptime` is when servers were up.
 */
export function listeningWindow(
  nowMs: number,
  heardMs: number | undefined,
  uptime: readonly Span[],
): ListeningWindow {
  return {
    nowMs,
    wasHeard(fromMs, ms) {
      const untilMs = Math.min(nowMs, heardMs ?? 0)
      const awakeMs = uptime.map(span => Math.min(span.untilMs, untilMs) - Math.max(span.fromMs, fromMs))
      return awakeMs.reduce((sum, overlapMs) => sum + Math.max(overlapMs, 0), 0) >= ms
    },
  }
}

/** Finds stays in progress, and empty rooms in progress, that were silent for longer than the limit of their feed. */
export async function findSilent(
  open: OpenStays,
  { kind, silenceLimitMs }: Feed,
  nowMs: number,
  windowOf: (feedId: string) => ListeningWindow,
): Promise<Found[]> {
  if (silenceLimitMs === undefined) return []
  const isSilent = ({ feedId, seenMs }: FoundRoom) => windowOf(feedId).wasHeard(seenMs, silenceLimitMs)
  const beforeMs = nowMs - silenceLimitMs
  const people = await open.silentParticipants(kind, beforeMs, FOUND_AT_ONCE)
  const rooms = await open.silentRooms(kind, beforeMs, FOUND_AT_ONCE)
  return [
    ...people.filter(isSilent).map(one => {
      const { roomSid, participantSid, seenMs: lastSignMs } = one
      const silence = { roomSid, participantSid, lastSignMs, atMs: nowMs, endReason: 'timeout' as const }
      return found(kind, one, participantSilent(silence))
    }),
    ...rooms.filter(isSilent).map(room => {
      const { roomSid, seenMs: lastSignMs } = room
      return found(kind, room, roomEmpty({ roomSid, lastSignMs, atMs: nowMs }))
    }),
  ]
}

/** An observation about a room, with the feed of the room. */
export function found(feedKind: string, { accountSid, feedId }: FoundRoom, event: Event): Found {
  return { accountSid, feedId, feedKind, event }
}

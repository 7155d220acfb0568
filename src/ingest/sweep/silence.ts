import type { Event } from '../../event.ts'
import type { Feed, ListeningWindow } from '../../feeds/feed.ts'
import { participantSilent, roomEmpty, roomSuperseded } from '../../feeds/observation.ts'
import type { FoundParticipant, FoundRoom, OpenStays } from '../../store/rooms/open-stays.ts'
import type { Span } from '../../store/uptime.ts'
import { pagesOf } from './pages-of.ts'

/** How old a room must be to show that an older one of its name is over. Until then the stated end may still come. */
const SUPERSEDED_AFTER_MS = 60_000

/** An observation, and the feed whose room it is about. */
export interface Found {
  readonly accountSid: string
  readonly feedId: string
  readonly feedKind: string
  readonly event: Event
}

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

/**
 * Finds all stays in progress, and empty rooms in progress, that were silent for longer than the limit of their feed.
 * Yields them page by page.
 */
export async function* findSilent(
  open: OpenStays,
  { kind, silenceLimitMs }: Feed,
  nowMs: number,
  windowOf: (feedId: string) => ListeningWindow,
): AsyncGenerator<Found[]> {
  if (silenceLimitMs === undefined) return
  const isSilent = ({ feedId, seenMs }: FoundRoom) => windowOf(feedId).wasHeard(seenMs, silenceLimitMs)
  const beforeMs = nowMs - silenceLimitMs
  for await (const people of pagesOf((after?: FoundParticipant) =>
    open.silentParticipants(kind, beforeMs, after),
  )) {
    yield people.filter(isSilent).map(one => {
      const { roomSid, participantSid, seenMs: lastSignMs } = one
      const silence = { roomSid, participantSid, lastSignMs, atMs: nowMs, endReason: 'timeout' as const }
      return found(kind, one, participantSilent(silence))
    })
  }
  for await (const rooms of pagesOf((after?: FoundRoom) => open.silentRooms(kind, beforeMs, after))) {
    yield rooms.filter(isSilent).map(room => {
      const { roomSid, seenMs: lastSignMs } = room
      return found(kind, room, roomEmpty({ roomSid, lastSignMs, atMs: nowMs }))
    })
  }
}

/**
 * Finds all rooms of a feed with unique names whose name a later room has, page by page. A room that showed a sign since
 * the later one was created is not superseded: two servers may share a key, and each may have a room of the name.
 */
export async function* findSuperseded(
  open: OpenStays,
  { kind }: Feed,
  nowMs: number,
): AsyncGenerator<Found[]> {
  const beforeMs = nowMs - SUPERSEDED_AFTER_MS
  for await (const rooms of pagesOf((after?: FoundRoom) => open.supersededRooms(kind, beforeMs, after))) {
    yield rooms.map(room =>
      found(kind, room, roomSuperseded(room.roomSid, room.supersededAtMs, 'server_crash')),
    )
  }
}

/** An observation about a room, with the feed of the room. */
function found(feedKind: string, { accountSid, feedId }: FoundRoom, event: Event): Found {
  return { accountSid, feedId, feedKind, event }
}

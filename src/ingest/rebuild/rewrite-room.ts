import { type Event, isRelocation } from '../../event.ts'
import type { Feed, Reduced } from '../../feeds/feed.ts'
import type { LoggedEvent, StoredEvent } from '../../store/rooms/event-log.ts'
import type { LockedRoom } from '../../store/rooms/locked-room.ts'
import type { RoomKey } from '../../store/rooms/room-key.ts'
import { idOf, logChange } from './log-change.ts'
import { type ReducedAgain, reduceAgain, storedPayload } from './reduce-again.ts'
import { emptyRoom, type Replay, relocations } from './relocations.ts'
import { isOneOfStays, isToldOf, sidsIn, sidsTold, withoutGhosts } from './stays-in-log.ts'
import { holderOf, type Stray, withStraysApplied } from './strays.ts'

/** What must be done in other rooms after the log of one room was rewritten. */
export interface Rewritten {
  /** Rooms that must be rewritten first, because SIDs of stays will lead there. If there are any, nothing was changed. */
  readonly before: ReadonlySet<string>
  readonly strays: readonly Stray[]
  /** True if the room has only events of strays. They stay in it too, so that the SID of the room stays valid. */
  readonly keepsStrays: boolean
  readonly moves: readonly LateMove[]
}

/** A stay that was relocated by a payload which came after the replay of its feed's log. */
export interface LateMove {
  readonly participantSid: string
  readonly toRoomSid: string
  /** The place of that payload in the log. */
  readonly seq: number
}

/** What a rebuild knows besides the log of the room. */
export interface Rewriting extends Replay {
  readonly feeds: ReadonlyMap<string, Feed>
  /** The events of this room that the replay of the logs gave. */
  readonly replayed: readonly LoggedEvent[]
  /** True for a room whose log is already rewritten, or will be next. */
  isWritten(roomSid: string): boolean
}

/**
 * Rewrites the log of a locked room: replaces its events by those that its payloads lead to when they are reduced
 * again. These events stay as they are: observations, events whose payload is incomplete, cannot be reduced or came
 * after the replay, and all events of a room that no payload leads to any more. The SID of a stay that is now in
 * another room leads there. Returns the payloads that lead to other rooms, whose events stay here until they are
 * applied there, and the stays that were relocated since the replay.
 */
export async function rewriteRoom(room: LockedRoom, rewriting: Rewriting): Promise<Rewritten> {
  const logged = await room.events()
  const strays: Stray[] = []
  const replayedSids = sidsTold(rewriting.replayed)
  const groups = Map.groupBy(logged, event => standingOf(event, rewriting, replayedSids))
  const found: LoggedEvent[] = [...(groups.get('stands') ?? []), ...rewriting.replayed]
  const siblingsByHolder = Map.groupBy(logged, holderOf)
  for (const holder of groups.get('holder') ?? []) {
    const siblings = siblingsByHolder.get(idOf(holder)) ?? []
    const again = await reduceHolder(room.key, holder, rewriting.feeds)
    if (again === undefined) found.push(holder, ...siblings)
    else if (isOfRoom(again.reduced, room.key)) found.push(...besideFirst(holder, again.reduced.events))
    else {
      strays.push({ holder, siblings, ...again })
      found.push(holder, ...siblings)
    }
  }
  const own = withoutGhosts(logged, found)
  const told = isToldOf(own) ? own : logged
  const elsewhere = await relocations(room.key, logged, told, rewriting)
  const left = sidsIn(elsewhere)
  const isEmptied = !isToldOf(told.filter(({ event }) => !isOneOfStays(event, left)))
  const final = [...(isEmptied ? [...own, ...emptyRoom(logged)] : told), ...elsewhere]
  const change = logChange(logged, final)
  const targets = change.put.flatMap(({ event }) => (isRelocation(event) ? event.toRoomSid : []))
  const before = new Set(targets.filter(sid => !rewriting.isWritten(sid)))
  if (before.size > 0) return { before, strays: [], keepsStrays: false, moves: [] }
  await room.rewrite(change)
  const keepsStrays = !isToldOf(withStraysApplied(room.key, own, strays))
  return { before, strays, keepsStrays, moves: (groups.get('stands') ?? []).flatMap(lateMoveIn) }
}

function isOfRoom({ events }: Reduced, { roomSid }: RoomKey): boolean {
  return events.length > 0 && events.every(event => event.roomSid === roomSid)
}

function lateMoveIn({ event, payload }: StoredEvent): LateMove[] {
  if (!isRelocation(event) || payload.at !== 'log') return []
  const { participantSid, toRoomSid } = event
  return [{ participantSid, toRoomSid, seq: payload.seq }]
}

/**
 * How an event is treated: it stays as it is (`stands`), its payload is beside it and is reduced again (`holder`), or
 * the replay or its holder gives it again. The copies for a stay that was relocated since the replay stay as they are,
 * until the events of that stay are copied again.
 */
function standingOf(
  { payload, feedId, feedKind, event }: StoredEvent,
  { feeds, lastSeqs }: Rewriting,
  replayedSids: ReadonlySet<string>,
): 'stands' | 'holder' | 'given again' {
  if (payload.at === 'log') {
    const lastSeq = lastSeqs.get(feedId) ?? 0
    const isReplayed = 'participantSid' in event && replayedSids.has(event.participantSid)
    const isLateCopy = (payload.movedSeq ?? 0) > lastSeq && !isReplayed
    return payload.seq <= lastSeq && !isLateCopy ? 'given again' : 'stands'
  }
  if (payload.at === 'sibling') return 'given again'
  return payload.isReducible && feeds.has(feedKind) ? 'holder' : 'stands'
}

/** What the payload beside an event leads to when it is reduced again; undefined if it cannot be reduced. */
async function reduceHolder(
  { accountSid }: RoomKey,
  { payload, event, feedKind, feedId }: StoredEvent,
  feeds: ReadonlyMap<string, Feed>,
): Promise<ReducedAgain | undefined> {
  const feed = feeds.get(feedKind)
  if (feed === undefined || payload.at !== 'event') return undefined
  return await reduceAgain(feed, { accountSid, feedId }, storedPayload(event.key, payload.native))
}

/** The events of a payload that is stored beside the first of them. */
function besideFirst(holder: StoredEvent, events: readonly Event[]): LoggedEvent[] {
  const { feedId, feedKind, receivedAtMs, payload } = holder
  const [first] = events
  return events.map(event => ({
    ...{ feedId, feedKind, receivedAtMs, event },
    payload: event === first ? payload : { at: 'sibling', eventKey: first?.key ?? event.key },
  }))
}

import { isDeepStrictEqual } from 'node:util'
import { type Event, isObservation } from '../../event.ts'
import type { Feed, Reduced } from '../../feeds/feed.ts'
import { objectOf } from '../../feeds/json.ts'
import { NO_MEMORY } from '../../feeds/memory.ts'
import type { Payload } from '../../feeds/payload.ts'
import { indexable } from '../../store/indexable.ts'
import type { LoggedEvent, StoredEvent } from '../../store/rooms/event-log.ts'
import type { LockedRoom } from '../../store/rooms/locked-room.ts'
import type { RoomKey } from '../../store/rooms/room-key.ts'
import { sourceOf } from '../reduce-payloads.ts'
import { isRelocation, relocated } from '../relocate.ts'

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

/** A payload that is stored beside an event of one room, and now leads to events of another. */
export interface Stray {
  readonly logged: StoredEvent
  readonly payload: Payload
  readonly reduced: Reduced
}

/** What a rebuild knows besides the log of the room. */
export interface Rewriting {
  readonly feeds: ReadonlyMap<string, Feed>
  /** The last place of each feed's log that was reduced again, by the feed's id. */
  readonly lastSeqs: ReadonlyMap<string, number>
  /** The events of this room that the replay of the logs gave. */
  readonly replayed: readonly LoggedEvent[]
  /** The rooms that have events of these participants after the replay of the logs. */
  roomsOf(participantSids: readonly string[]): Promise<ReadonlyMap<string, string>>
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
  for (const holder of groups.get('holder') ?? []) {
    const siblings = logged.filter(event => isSiblingOf(event, holder))
    const again = await reduceAgain(room.key.accountSid, holder, rewriting.feeds)
    if (again === undefined) found.push(holder, ...siblings)
    else if (isOfRoom(again.reduced, room.key)) found.push(...besideFirst(holder, again.reduced.events))
    else {
      strays.push({ logged: holder, ...again })
      found.push(holder, ...siblings)
    }
  }
  const own = withoutGhosts(logged, found)
  const told = isToldOf(own) ? own : logged
  const elsewhere = await leadingElsewhere(room, logged, told, rewriting)
  const left = sidsIn(elsewhere)
  const isEmptied = !isToldOf(told.filter(({ event }) => !isOneOfStays(event, left)))
  const final = [...(isEmptied ? [...own, ...emptyRoom(logged)] : told), ...elsewhere]
  const change = changeOf(logged, final)
  const targets = change.put.flatMap(({ event }) => (isRelocation(event) ? event.toRoomSid : []))
  const before = new Set(targets.filter(sid => !rewriting.isWritten(sid)))
  if (before.size > 0) return { before, strays: [], keepsStrays: false, moves: [] }
  await room.rewrite(change)
  const keepsStrays = !isToldOf(withStraysApplied(room.key, own, strays))
  return { before, strays, keepsStrays, moves: (groups.get('stands') ?? []).flatMap(lateMoveIn) }
}

/** Removes the events of a stray from the room in which they were. If they stay there, they are not reduced again. */
export async function leaveStray(room: LockedRoom, { logged: holder }: Stray, stays: boolean): Promise<void> {
  const { payload } = holder
  if (!stays) {
    await room.rewrite({ put: [], remove: (await room.events()).filter(event => isOfPayload(event, holder)) })
  } else if (payload.at === 'event') {
    await room.rewrite({ put: [{ ...holder, payload: { ...payload, isReducible: false } }], remove: [] })
  }
}

function isOfRoom({ events }: Reduced, { roomSid }: RoomKey): boolean {
  return events.length > 0 && events.every(event => event.roomSid === roomSid)
}

/** The events of the room once its strays are applied. */
function withStraysApplied(
  { roomSid }: RoomKey,
  events: readonly LoggedEvent[],
  strays: readonly Stray[],
): { readonly event: Event }[] {
  const applied = strays.flatMap(({ reduced }) => reduced.events).map(event => ({ event }))
  return [
    ...events.filter(event => !strays.some(({ logged }) => isOfPayload(event, logged))),
    ...applied.filter(({ event }) => event.roomSid === roomSid),
  ]
}

/** True for the event beside which a payload is stored, and for the other events of that payload. */
function isOfPayload(event: LoggedEvent, holder: StoredEvent): boolean {
  return idOf(event) === idOf(holder) || isSiblingOf(event, holder)
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

function isSiblingOf({ feedId, payload }: LoggedEvent, holder: StoredEvent): boolean {
  return payload.at === 'sibling' && payload.eventKey === holder.eventKey && feedId === holder.feedId
}

/** What the payload beside an event leads to when it is reduced again; undefined if it cannot be reduced. */
async function reduceAgain(
  accountSid: string,
  { payload, event, feedKind, feedId }: StoredEvent,
  feeds: ReadonlyMap<string, Feed>,
): Promise<{ payload: Payload; reduced: Reduced } | undefined> {
  const feed = feeds.get(feedKind)
  const value = payload.at === 'event' ? objectOf(JSON.parse(payload.native)) : undefined
  if (feed === undefined || value === undefined) return undefined
  const again = { key: event.key, value }
  try {
    return {
      payload: again,
      reduced: await feed.reduce(again, NO_MEMORY, sourceOf({ accountSid, feedId })),
    }
  } catch {
    return undefined
  }
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

/** Leaves out the observations about stays that no payload leads to any more: they alone would make a stay. */
function withoutGhosts(logged: readonly StoredEvent[], found: readonly LoggedEvent[]): LoggedEvent[] {
  const still = sidsTold(found)
  const ghosts = new Set([...sidsTold(logged)].filter(sid => !still.has(sid)))
  return found.filter(({ event }) => !isOneOfStays(event, ghosts))
}

function sidsTold(events: readonly LoggedEvent[]): Set<string> {
  const told = events.flatMap(({ event }) =>
    'participantSid' in event && !isObservation(event) ? event.participantSid : [],
  )
  return new Set(told)
}

function isToldOf(events: readonly { readonly event: Event }[]): boolean {
  return events.some(({ event }) => !isObservation(event))
}

/** The event that keeps a room whose stays are all in other rooms now. Without an event its SID would not be valid. */
function emptyRoom(logged: readonly StoredEvent[]): LoggedEvent[] {
  const first = logged.find(({ event }) => !isObservation(event))
  if (first === undefined) return []
  const { feedId, feedKind, receivedAtMs, event } = first
  const { atMs, roomSid, room } = event
  return [
    {
      ...{ feedId, feedKind, receivedAtMs },
      event: { kind: 'room.updated', key: `emptied|${roomSid}`, atMs, roomSid, room },
      payload: { at: 'event', native: '{}', isReducible: false },
    },
  ]
}

function isOneOfStays(event: Event, sids: ReadonlySet<string>): boolean {
  return 'participantSid' in event && sids.has(event.participantSid)
}

function sidsIn(events: readonly LoggedEvent[]): Set<string> {
  return new Set(events.flatMap(({ event }) => ('participantSid' in event ? event.participantSid : [])))
}

/** Relocations for stays that were listed here and are now in another room, so that their SIDs lead there. */
async function leadingElsewhere(
  { key }: LockedRoom,
  logged: readonly StoredEvent[],
  told: readonly LoggedEvent[],
  { roomsOf, lastSeqs }: Rewriting,
): Promise<LoggedEvent[]> {
  const still = told === logged ? new Set<string>() : sidsIn(told)
  const gone = logged.filter(({ event }) => 'participantSid' in event && !still.has(event.participantSid))
  const rooms = await roomsOf([...sidsIn(gone)])
  const bySid = new Map(gone.map(one => ['participantSid' in one.event ? one.event.participantSid : '', one]))
  return [...bySid].flatMap(([sid, { feedId, feedKind, receivedAtMs, event }]): LoggedEvent[] => {
    const toRoomSid = rooms.get(sid)
    if (toRoomSid === undefined || toRoomSid === key.roomSid) return []
    return [
      {
        ...{ feedId, feedKind, receivedAtMs },
        event: relocated(sid, key.roomSid, toRoomSid, event.atMs),
        // With this place, the next rebuild gives the relocation again or leaves it out.
        payload: { at: 'log', seq: lastSeqs.get(feedId) ?? 0 },
      },
    ]
  })
}

/** The smallest change that makes the log hold these events. */
function changeOf(logged: readonly StoredEvent[], final: readonly LoggedEvent[]) {
  const before = new Map(logged.map(event => [idOf(event), event]))
  const after = new Map(final.map(event => [idOf(event), event]))
  return {
    put: [...after].flatMap(([id, event]) => (isSame(before.get(id), event) ? [] : [event])),
    remove: logged.filter(event => !after.has(idOf(event))),
  }
}

function isSame(known: LoggedEvent | undefined, { event, payload }: LoggedEvent): boolean {
  return isDeepStrictEqual([known?.event, known?.payload], [event, payload])
}

function idOf({ feedId, event }: LoggedEvent): string {
  return `${feedId} ${indexable(event.key)}`
}

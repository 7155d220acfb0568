import { isDeepStrictEqual } from 'node:util'
import { type Event, isRelocation, type ParticipantEvent, showsRoom } from '../event.ts'
import { connectionMsOf, type ResolvedStay, resolveConnection } from '../fold/connection.ts'
import {
  countPeak,
  intervalOf,
  moveNumbers,
  NO_NUMBERS,
  type RoomNumbers,
  settledSec,
} from '../fold/numbers.ts'
import { foldParticipant, identityOf, newParticipant, type ParticipantState } from '../fold/participant.ts'
import { participantRecord, type RecordSettings } from '../fold/participant-record.ts'
import { minOf } from '../fold/register.ts'
import {
  endsOfStays,
  foldFeed,
  foldRoom,
  newRoom,
  type RoomState,
  roomEndOf,
  roomStartMs,
} from '../fold/room.ts'
import { roomRecord } from '../fold/room-record.ts'
import { type EndsOfStays, lastSignOf, type Stay, stayOf } from '../fold/stay.ts'
import type { LoggedEvent } from '../store/rooms/event-log.ts'
import type { Bearing, LockedRoom, RoomRow, SavedStay } from '../store/rooms/locked-room.ts'
import { connectedAtMost, connectedStays } from './connected-stays.ts'
import { loadStaysThatMayEnd } from './stays-that-may-end.ts'

/** Folds events that are new in the log of a locked room into its rows, and saves the rows that change. */
export async function foldIntoRoom(
  room: LockedRoom,
  settings: RecordSettings,
  logged: readonly LoggedEvent[],
): Promise<void> {
  const events = logged.map(ofFeed)
  // A room without a row may have a log: events that do not show it, and stays that were relocated to another room.
  if (room.row === undefined || events.some(isRelocation)) return await refoldRoom(room, settings)
  const before = logged.reduce(withFeed, ofKnownFeed(room.row))
  // Every record of the room shows the kind of its feed.
  if (before.feedKind !== room.row.state.feedKind) return await refoldRoom(room, settings)
  const bearing = await bearingOn(room, events)
  if (bearing.isRelocated) return await refoldRoom(room, settings)
  await fold(room, settings, { state: before, numbers: room.row.numbers }, events, bearing)
}

/**
 * Replaces the rows of a locked room by folding its whole log again. Leaves out stays that were relocated: their SIDs
 * lead to the room in which they are listed. A log of which no event shows the room makes none.
 */
export async function refoldRoom(room: LockedRoom, settings: RecordSettings): Promise<void> {
  const logged = await room.events()
  const relocated = new Map(logged.flatMap(({ event }) => relocationIn(event)))
  const own = logged.filter(
    ({ event }) => !relocated.has('participantSid' in event ? event.participantSid : ''),
  )
  const events = own.map(ofFeed)
  await room.clear()
  if (events.some(showsRoom)) {
    const before = { state: own.reduce(withFeed, newRoom('')), numbers: NO_NUMBERS }
    await fold(room, settings, before, events, undefined)
  }
  for (const [participantSid, toRoomSid] of relocated) await room.saveRelocated(participantSid, toRoomSid)
}

/** The event with a key that is unique within its room, because two feeds may use the same key. */
function ofFeed({ feedId, event }: LoggedEvent): Event {
  return { ...event, key: `${feedId}|${event.key}` }
}

function withFeed(state: RoomState, logged: LoggedEvent): RoomState {
  return foldFeed(state, ofFeed(logged), logged)
}

/** The state of the row. A row of schema 4 or before names a feed, but not the moment of that feed's event. */
function ofKnownFeed({ feedId, state }: RoomRow): RoomState {
  const { feed, feedKind, seenAtMs: atMs } = state
  return feed === undefined ? { ...state, feed: { value: { feedId, feedKind }, atMs, key: '' } } : state
}

/** A stay whose row is written: before the change, unless it is new, and after it. */
interface StayChange {
  readonly participantSid: string
  /** The state of the stay itself, without a leave that came under another SID. */
  readonly state: ParticipantState
  readonly before: { readonly resolved: ResolvedStay; readonly stay: Stay } | undefined
  readonly after: { readonly resolved: ResolvedStay; readonly stay: Stay }
}

/** What may end the stays of the room, before and after the change. */
interface Ends {
  readonly before: EndsOfStays
  readonly after: EndsOfStays
}

/** `bearing` is undefined for a room that has no rows. */
async function fold(
  room: LockedRoom,
  settings: RecordSettings,
  before: Pick<RoomRow, 'state' | 'numbers'>,
  events: readonly Event[],
  bearing: Bearing | undefined,
): Promise<void> {
  const state = events.reduce(foldRoom, before.state)
  const ends = { before: endsOfStays(before.state), after: endsOfStays(state) }
  const told = Map.groupBy(events.filter(isOfParticipant), event => event.participantSid)
  const known = new Map(bearing?.stays.map(stay => [stay.participantSid, stay.state]))
  if (bearing !== undefined) await loadStaysThatMayEnd(room, ends, before.state.lastSeenMs, known)
  const changes = await stayChanges(room, ends, told, known, bearing)
  await room.saveStays(changes.map(change => stayRow(room, settings, state, change)))
  const { numbers, recountSec } = movedNumbers(before.numbers, changes)
  const uniqueIdentities = numbers.uniqueIdentities + (await newIdentities(room, changes, bearing))
  const counted = { ...numbers, uniqueIdentities }
  await saveRoom(
    room,
    settings,
    state,
    // The steps must be read after the stays are saved.
    recountSec === undefined
      ? counted
      : countPeak(counted, await room.steps(settledSec(counted)), recountSec),
  )
}

/** Looks up by one statement what the room's rows say about the participants of these events. */
async function bearingOn(room: LockedRoom, events: readonly Event[]): Promise<Bearing> {
  const told = events.filter(isOfParticipant)
  const distinct = (values: readonly (string | undefined)[]) =>
    [...new Set(values)].filter(value => value !== undefined)
  const connectionKeys = distinct(told.map(event => event.participant.connectionKey))
  return await room.bearing({
    participantSids: distinct(told.map(event => event.participantSid)),
    identities: distinct(
      told.flatMap(({ participant }) => [participant.identity, participant.fallbackIdentity]),
    ),
    connectionKeys,
    connectedAtMost: connectedAtMost(connectionKeys),
  })
}

/**
 * The stays that the events or the end of the room change, and their neighbours under a connection key that change with
 * them.
 */
async function stayChanges(
  room: LockedRoom,
  ends: Ends,
  told: ReadonlyMap<string, readonly ParticipantEvent[]>,
  known: ReadonlyMap<string, ParticipantState>,
  bearing: Bearing | undefined,
): Promise<StayChange[]> {
  const states = new Map(
    [...new Set([...told.keys(), ...known.keys()])].sort().map(participantSid => {
      const start = known.get(participantSid) ?? newParticipant()
      return [participantSid, (told.get(participantSid) ?? []).reduce(foldParticipant, start)] as const
    }),
  )
  const changes: StayChange[] = []
  for await (const group of connectedStays(room, known, states, bearing)) {
    const before = resolveConnection(group.before)
    for (const [participantSid, resolved] of resolveConnection(group.after)) {
      const was = before.get(participantSid)
      const change: StayChange = {
        participantSid,
        state: group.after.get(participantSid) ?? resolved.state,
        before: was && { resolved: was, stay: resolvedStay(was, ends.before) },
        after: { resolved, stay: resolvedStay(resolved, ends.after) },
      }
      // A neighbour that does not change is not written.
      if (states.has(participantSid) || !isDeepStrictEqual(change.before, change.after)) changes.push(change)
    }
  }
  return changes
}

/** The stay that the state describes. A leave that belongs to another stay does not count itself. */
function resolvedStay({ state, nextJoinMs, aliasOf }: ResolvedStay, ends: EndsOfStays): Stay {
  const stay = stayOf(state, { ...ends, nextJoinMs })
  return aliasOf === undefined ? stay : { ...stay, counted: false }
}

function stayRow(
  { key }: LockedRoom,
  settings: RecordSettings,
  { feedKind, nativeKey: nativeRoomSid }: RoomState,
  { participantSid, state: own, after }: StayChange,
): SavedStay {
  const { stay } = after
  const { state, aliasOf } = after.resolved
  const names = { ...key, participantSid, feedKind, nativeRoomSid }
  return {
    participantSid,
    aliasOf,
    state: own,
    orderMs: stay.orderMs,
    identity: identityOf(state),
    counted: stay.counted,
    interval: intervalOf(stay),
    leaveStated: stay.leaveStated || aliasOf !== undefined,
    isOpen: stay.leaveMs === undefined && aliasOf === undefined,
    seenMs: lastSignOf(state) ?? stay.orderMs,
    connectionMs: connectionMsOf(own),
    record: JSON.stringify(participantRecord(names, state, stay, settings)),
  }
}

/** The new numbers, except the distinct identities, and the first second from which the peak must be counted again. */
function movedNumbers(numbers: RoomNumbers, changes: readonly StayChange[]) {
  let recountSec: number | undefined
  for (const { before, after } of changes) {
    const { codecs } = after.resolved.state
    const moved = moveNumbers(numbers, before?.stay, after.stay, { identities: 0, codecs })
    numbers = moved.numbers
    recountSec = minOf(recountSec, moved.recountSec)
  }
  return { numbers, recountSec }
}

/** The change in the number of distinct identities that have a counted stay in the room. */
async function newIdentities(
  room: LockedRoom,
  changes: readonly StayChange[],
  bearing: Bearing | undefined,
): Promise<number> {
  const had = identitiesOf(changes.map(({ before }) => before))
  const has = identitiesOf(changes.map(({ after }) => after))
  const gained = [...has].filter(identity => !had.has(identity))
  const lost = [...had].filter(identity => !has.has(identity))
  if (gained.length + lost.length === 0) return 0
  const held = await heldByOthers(room, [...gained, ...lost], changes, bearing)
  const count = (identities: readonly string[]) => identities.filter(identity => !held.has(identity)).length
  return count(gained) - count(lost)
}

async function heldByOthers(
  room: LockedRoom,
  identities: readonly string[],
  changes: readonly StayChange[],
  bearing: Bearing | undefined,
): Promise<ReadonlySet<string>> {
  if (bearing === undefined) return new Set()
  const { asked, heldIdentities } = bearing
  const isAnswered =
    identities.every(identity => asked.identities.includes(identity)) &&
    changes.every(({ participantSid }) => asked.participantSids.includes(participantSid))
  if (isAnswered) return heldIdentities
  return await room.heldIdentities(
    identities,
    changes.map(({ participantSid }) => participantSid),
  )
}

function identitiesOf(stays: readonly StayChange['before'][]): Set<string> {
  return new Set(stays.flatMap(one => (one?.stay.counted ? (identityOf(one.resolved.state) ?? []) : [])))
}

function saveRoom(
  room: LockedRoom,
  settings: RecordSettings,
  state: RoomState,
  numbers: RoomNumbers,
): Promise<void> {
  const record = roomRecord(room.key, state, numbers, settings)
  return room.save({
    feedId: state.feed?.value.feedId ?? '',
    state,
    numbers,
    name: state.name?.value,
    type: record.room_type ?? undefined,
    codecs: record.codecs,
    createdMs: roomStartMs(state),
    endedMs: roomEndOf(state)?.atMs,
    seenMs: state.lastSeenMs ?? state.seenAtMs,
    record: JSON.stringify(record),
  })
}

function relocationIn(event: Event): (readonly [string, string])[] {
  return isRelocation(event) ? [[event.participantSid, event.toRoomSid]] : []
}

function isOfParticipant(event: Event): event is ParticipantEvent {
  return 'participantSid' in event && !isRelocation(event)
}

import type { Event } from '../../event.ts'
import { eventIn } from '../../fold/stored.ts'
import type { Connection, SqlValue } from '../engine/database.ts'
import { overRows } from '../engine/over-rows.ts'
import { indexable } from '../indexable.ts'
import type { RoomKey } from './room-key.ts'

/**
 * Where the payload of an event is stored: beside the event, beside another event of the same payload, or in the log of
 * its feed. `native` is JSON without secrets; for an observation it shows what was noticed, or is `{}`. `movedSeq` is
 * set for the copy of an event in the room that its stay was relocated to: the place of the payload that showed that.
 */
export type PayloadPlace =
  | { readonly at: 'event'; readonly native: string; readonly isReducible: boolean }
  | { readonly at: 'sibling'; readonly eventKey: string }
  | { readonly at: 'log'; readonly seq: number; readonly movedSeq?: number }

/** An event that is to be stored in the log of its room. */
export interface LoggedEvent {
  readonly feedId: string
  readonly feedKind: string
  readonly event: Event
  readonly receivedAtMs: number
  readonly payload: PayloadPlace
}

/** An event in the log of its room. */
export interface StoredEvent extends LoggedEvent {
  /** The key of the event as the table has it: a long key is cut and ends in a digest (see `indexable`). */
  readonly eventKey: string
  readonly duplicates: number
}

/** The columns of `events` that make a StoredEvent. */
export const EVENT_COLUMNS = `room_sid "roomSid", feed_id "feedId", feed_kind "feedKind", event_key "eventKey",
  participant_sid "participantSid", at_ms "atMs", received_at_ms "receivedAtMs", duplicates, body, native,
  payload_seq "payloadSeq", moved_seq "movedSeq", payload_in "payloadIn", is_reducible "isReducible"`

export interface EventRow {
  readonly roomSid: string
  readonly feedId: string
  readonly feedKind: string
  readonly eventKey: string
  readonly participantSid: string | null
  readonly atMs: number
  readonly receivedAtMs: number
  readonly duplicates: number
  readonly body: string
  readonly native: string
  readonly payloadSeq: number | null
  readonly movedSeq: number | null
  readonly payloadIn: string | null
  readonly isReducible: number
}

/**
 * Appends events to the log of a room. Resolves to what became of each: `added`, or its key was known with the `same`
 * payload or with an `other`; then only the duplicate is counted.
 */
export async function appendEvents(
  connection: Connection,
  room: RoomKey,
  events: readonly LoggedEvent[],
): Promise<('added' | 'same' | 'other')[]> {
  const added = await overRows<{ feedId: string; eventKey: string }>(
    connection,
    events.map(event => valuesOf(room, event)),
    values =>
      `insert into events (${INSERTED}) values ${values}
       on conflict (account_sid, room_sid, feed_id, event_key) do nothing
       returning feed_id "feedId", event_key "eventKey"`,
  )
  const fresh = new Set(added.map(idOf))
  const outcomes: ('added' | 'same' | 'other')[] = []
  for (const event of events) {
    // If two of the events have one key, the first is new and the second is a duplicate.
    const isNew = fresh.delete(idOf({ feedId: event.feedId, eventKey: indexable(event.event.key) }))
    outcomes.push(isNew ? 'added' : await countAgain(connection, room, event))
  }
  return outcomes
}

/** Replaces the events that have these keys, and adds the others. The number of duplicates of an event stays. */
export async function putEvents(
  connection: Connection,
  room: RoomKey,
  events: readonly LoggedEvent[],
): Promise<void> {
  await overRows(
    connection,
    events.map(event => valuesOf(room, event)),
    values =>
      `insert into events (${INSERTED}) values ${values}
       on conflict (account_sid, room_sid, feed_id, event_key) do update set
         participant_sid = excluded.participant_sid, at_ms = excluded.at_ms, body = excluded.body,
         native = excluded.native, payload_seq = excluded.payload_seq, moved_seq = excluded.moved_seq,
         payload_in = excluded.payload_in, is_reducible = excluded.is_reducible`,
  )
}

/** The event that a row of the log holds. */
export function storedEvent(row: EventRow): StoredEvent {
  const { feedId, feedKind, eventKey, receivedAtMs, duplicates } = row
  // The body does not repeat what columns hold, except a key that was cut in its column.
  const columns = { key: eventKey, atMs: row.atMs, roomSid: row.roomSid }
  const ofParticipant = row.participantSid === null ? {} : { participantSid: row.participantSid }
  const payload = placeIn(row)
  const event = { ...columns, ...ofParticipant, ...eventIn(row.body) } as Event // what `bodyOf` left out is back
  return { feedId, feedKind, eventKey, receivedAtMs, duplicates, payload, event }
}

function placeIn({ native, payloadSeq, movedSeq, payloadIn, isReducible }: EventRow): PayloadPlace {
  if (payloadSeq !== null) return { at: 'log', seq: payloadSeq, ...(movedSeq === null ? {} : { movedSeq }) }
  if (payloadIn !== null) return { at: 'sibling', eventKey: payloadIn }
  return { at: 'event', native, isReducible: isReducible === 1 }
}

const INSERTED = `account_sid, room_sid, feed_id, feed_kind, event_key, participant_sid, at_ms, received_at_ms,
  duplicates, body, native, payload_seq, moved_seq, payload_in, is_reducible`

function valuesOf({ accountSid, roomSid }: RoomKey, logged: LoggedEvent): SqlValue[] {
  const { event, payload, feedId, feedKind, receivedAtMs } = logged
  return [
    ...[accountSid, roomSid, feedId, feedKind, indexable(event.key)],
    ...['participantSid' in event ? event.participantSid : null, event.atMs, receivedAtMs, 0, bodyOf(event)],
    ...[payload.at === 'event' ? payload.native : '', payload.at === 'log' ? payload.seq : null],
    ...[payload.at === 'log' ? (payload.movedSeq ?? null) : null],
    ...[payload.at === 'sibling' ? indexable(payload.eventKey) : null],
    ...[payload.at === 'event' && payload.isReducible ? 1 : 0],
  ]
}

function bodyOf(event: Event): string {
  const { key, atMs: _at, roomSid: _room, ...rest } = event
  const { participantSid: _participant, ...body } = { participantSid: undefined, ...rest }
  return JSON.stringify(indexable(key) === key ? body : { key, ...body })
}

async function countAgain(connection: Connection, { accountSid, roomSid }: RoomKey, logged: LoggedEvent) {
  const place = [accountSid, roomSid, logged.feedId]
  const [row] = await connection.all<Pick<EventRow, 'native' | 'payloadSeq' | 'payloadIn'>>(
    `update events set duplicates = duplicates + 1
     where account_sid = ? and room_sid = ? and feed_id = ? and event_key = ?
     returning native, payload_seq "payloadSeq", payload_in "payloadIn"`,
    [...place, indexable(logged.event.key)],
  )
  if (logged.payload.at !== 'event' || row === undefined || row.payloadSeq !== null) return 'same'
  return row.payloadIn !== null || row.native === logged.payload.native ? 'same' : 'other'
}

function idOf({ feedId, eventKey }: { feedId: string; eventKey: string }): string {
  return `${feedId} ${eventKey}`
}

import { type Event, isRelocation } from '../../event.ts'
import type { Connection, SqlValue } from '../engine/database.ts'
import { pairs } from '../engine/dialect.ts'
import { CLAIM } from '../feeds/feed-log.ts'
import { EVENT_COLUMNS, type EventRow, type StoredEvent, storedEvent } from './event-log.ts'
import type { RoomKey } from './room-key.ts'
import { type Page, type Position, selectPage } from './select-page.ts'

/** An event of a room with its payload, and with other payloads that came under the same key. */
export interface Evidence {
  readonly position: Position
  readonly event: Event
  readonly feedId: string
  readonly feedKind: string
  readonly receivedAtMs: number
  readonly duplicates: number
  /** The payload. For an observation, what was noticed, or an empty object. */
  readonly native: unknown
  /** Payloads that came later under the same key with another text. */
  readonly others: readonly { readonly receivedAtMs: number; readonly native: unknown }[]
}

/** Reads the events from which records are folded, with their payloads. */
export interface EvidenceStore {
  /** A page of the events of a room or of one of its participants, by time. Takes five statements at most. */
  events(key: RoomKey, participantSid: string | undefined, page: Page): Promise<Evidence[]>
}

export function evidenceStore(reader: Connection): EvidenceStore {
  return {
    async events(key, participantSid, page) {
      const rows = await selectPage<EventRow & Position>(reader, page, eventQuery(key, participantSid))
      const events = rows.map(row => ({ position: { ms: row.ms, sid: row.sid }, ...storedEvent(row) }))
      const siblings = await payloadsOfSiblings(reader, key, events)
      const inLogs = await payloadsInLogs(reader, key, events)
      const others = await otherPayloads(reader, key, events)
      const repetitions = await repetitionsOfCopies(reader, key, events)
      return events.map(stored => {
        const { position, event, feedId, feedKind, receivedAtMs, payload, eventKey } = stored
        const inLog = payload.at === 'log' ? inLogs.get(idOf(feedId, payload.seq)) : undefined
        const again = inLog?.duplicates ?? repetitions.get(idOf(feedId, keyOfCopied(stored) ?? '')) ?? 0
        return {
          ...{ position, event, feedId, feedKind, receivedAtMs },
          duplicates: stored.duplicates + again,
          native: nativeOf(stored, siblings, inLog?.native),
          others: (others.get(idOf(feedId, eventKey)) ?? []).map(other => {
            return { receivedAtMs: other.receivedAtMs, native: JSON.parse(other.native) }
          }),
        }
      })
    },
  }
}

/** The key of an event that schema 3 stored with a copy of its payload: the key of the payload, and a number. */
const KEY_OF_COPY = /^([0-9a-f]{64})#/

function eventQuery({ accountSid, roomSid }: RoomKey, participantSid: string | undefined) {
  const ofParticipant = `participant_sid in (select participant_sid from participants
    where account_sid = ? and room_sid = ? and (participant_sid = ? or alias_sid = ?))`
  return {
    select: `select at_ms ms, feed_id || '|' || event_key sid, ${EVENT_COLUMNS} from events`,
    where: ['account_sid = ?', 'room_sid = ?', ...(participantSid === undefined ? [] : [ofParticipant])],
    params: [
      ...[accountSid, roomSid],
      ...(participantSid === undefined ? [] : [accountSid, roomSid, participantSid, participantSid]),
    ],
    key: ['at_ms', "feed_id || '|' || event_key"] as const,
    descending: false,
  }
}

/** A payload, and the event of the page that it was looked up for: its feed and the key that it is found by. */
interface Found {
  readonly feedId: string
  readonly foundBy: string
  readonly native: string
  readonly receivedAtMs: number
  readonly duplicates: number
}

/**
 * Looks up payloads for the events of a page by one statement, whatever feeds they are of; by none if `keyOf` gives no
 * key. The condition `where` compares the key `b` of an event; its parameters are `params`.
 */
async function lookUp(
  reader: Connection,
  events: readonly StoredEvent[],
  keyOf: (event: StoredEvent) => string | number | undefined,
  from: { table: 'events' | 'feed_payloads'; where: string; params: readonly SqlValue[] },
): Promise<Found[]> {
  const asked = events.flatMap(event => {
    const key = keyOf(event)
    return key === undefined ? [] : [[event.feedId, key] as const]
  })
  if (asked.length === 0) return []
  const distinct = [...new Map(asked.map(pair => [idOf(...pair), pair])).values()]
  const feedIds = [...new Set(distinct.map(([feedId]) => feedId))]
  const { isOneOf, eachPair, list } = reader.dialect
  // Citus finds the shard of a feed by `feed_id = ?`. SQLite reads the tables of a cross join in the order given.
  const [feedId = '', ...otherFeedIds] = feedIds
  const isAlone = otherFeedIds.length === 0
  return await reader.all<Found>(
    `select feed_id "feedId", b "foundBy", native, received_at_ms "receivedAtMs", duplicates
     from ${eachPair} cross join ${from.table}
     where feed_id = a and ${isAlone ? 'feed_id = ?' : isOneOf('feed_id')} and ${from.where}`,
    [pairs(distinct), isAlone ? feedId : list(feedIds), ...from.params],
  )
}

/** The payloads that are stored beside another event of the room, by the feed and the key of that event. */
async function payloadsOfSiblings(
  reader: Connection,
  { accountSid, roomSid }: RoomKey,
  events: readonly StoredEvent[],
): Promise<Map<string, string>> {
  const keyOf = ({ payload }: StoredEvent) => (payload.at === 'sibling' ? payload.eventKey : undefined)
  const found = await lookUp(reader, events, keyOf, {
    table: 'events',
    where: 'event_key = b and account_sid = ? and room_sid = ?',
    params: [accountSid, roomSid],
  })
  return new Map(found.map(one => [idOf(one.feedId, one.foundBy), one.native]))
}

/** The payloads in the logs of feeds that the events refer to, by the feed and the place in its log. */
async function payloadsInLogs(
  reader: Connection,
  { accountSid }: RoomKey,
  events: readonly StoredEvent[],
): Promise<Map<string, Found>> {
  const seqOf = ({ payload }: StoredEvent) => (payload.at === 'log' ? payload.seq : undefined)
  const found = await lookUp(reader, events, seqOf, {
    table: 'feed_payloads',
    where: `seq = cast(b as bigint) and account_sid = ? and other_room_sid is null
      and payload_key not like '${CLAIM}%'`,
    params: [accountSid],
  })
  return new Map(found.map(one => [idOf(one.feedId, one.foundBy), one]))
}

/** The payloads that came under the keys of these events of the room with another content, by feed and key. */
async function otherPayloads(
  reader: Connection,
  { accountSid, roomSid }: RoomKey,
  events: readonly StoredEvent[],
): Promise<Map<string, Found[]>> {
  const keyOf = ({ duplicates, eventKey }: StoredEvent) => (duplicates > 0 ? eventKey : undefined)
  const found = await lookUp(reader, events, keyOf, {
    table: 'feed_payloads',
    where: 'other_event_key = b and account_sid = ? and other_room_sid = ? order by seq, payload_key',
    params: [accountSid, roomSid],
  })
  return Map.groupBy(found, one => idOf(one.feedId, one.foundBy))
}

/** How often payloads that schema 3 stored beside each of their events came again, by feed and key of the payload. */
async function repetitionsOfCopies(
  reader: Connection,
  { accountSid }: RoomKey,
  events: readonly StoredEvent[],
): Promise<Map<string, number>> {
  const found = await lookUp(reader, events, keyOfCopied, {
    table: 'feed_payloads',
    where: 'payload_key = b and account_sid = ?',
    params: [accountSid],
  })
  return new Map(found.map(one => [idOf(one.feedId, one.foundBy), one.duplicates]))
}

/** The key of the payload of which schema 3 stored a copy beside this event; undefined for other events. */
function keyOfCopied({ payload, eventKey }: StoredEvent): string | undefined {
  return payload.at === 'event' && !payload.isReducible ? KEY_OF_COPY.exec(eventKey)?.[1] : undefined
}

function idOf(feedId: string, key: string | number): string {
  return `${feedId} ${key}`
}

/** The payload of an event, wherever it is stored. */
function nativeOf(
  { feedId, event, payload }: StoredEvent,
  siblings: ReadonlyMap<string, string>,
  inLog: string | undefined,
): unknown {
  if (payload.at === 'event') return JSON.parse(payload.native)
  if (payload.at === 'sibling') return JSON.parse(siblings.get(idOf(feedId, payload.eventKey)) ?? '{}')
  return nativeInLog(event, inLog ?? '{}')
}

/** The payload in the log; an empty object for a payload that Rollcall made itself, and for a relocation. */
function nativeInLog(event: Event, text: string): unknown {
  if (isRelocation(event)) return {}
  const native = JSON.parse(text)
  return typeof native === 'object' && native !== null && 'rollcall' in native ? {} : native
}

import { type Event, isRelocation } from '../../event.ts'
import type { Connection } from '../engine/database.ts'
import { CLAIM } from '../feeds/feed-log.ts'
import { EVENT_COLUMNS, type EventRow, type StoredEvent, storedEvent } from './event-log.ts'
import { type Page, type Position, selectPage } from './records.ts'
import type { RoomKey } from './room-key.ts'

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
  /** A page of the events of a room or of one of its participants, by time. Takes a few statements for each feed. */
  events(key: RoomKey, participantSid: string | undefined, page: Page): Promise<Evidence[]>
}

export function evidenceStore(reader: Connection): EvidenceStore {
  return {
    async events(key, participantSid, page) {
      const rows = await selectPage<EventRow & Position>(reader, page, eventQuery(key, participantSid))
      const events = rows.map(row => ({ position: { ms: row.ms, sid: row.sid }, ...storedEvent(row) }))
      const siblings = await payloadsOfSiblings(reader, key, events)
      const byFeed = Map.groupBy(events, ({ feedId }) => feedId)
      const logs = new Map<string, FeedPayloads>()
      for (const [feedId, own] of byFeed)
        logs.set(feedId, await feedPayloads(reader, key.accountSid, feedId, own))
      return events.map(stored => {
        const { position, event, feedId, feedKind, receivedAtMs, payload, duplicates } = stored
        const log = logs.get(feedId)
        const inLog = payload.at === 'log' ? log?.bySeq.get(payload.seq) : undefined
        return {
          ...{ position, event, feedId, feedKind, receivedAtMs },
          duplicates:
            duplicates + (inLog?.duplicates ?? log?.repetitions.get(stored.eventKey.slice(0, 64)) ?? 0),
          native: nativeOf(stored, siblings, log),
          others: (log?.others.get(stored.eventKey) ?? []).map(other => {
            return { receivedAtMs: other.receivedAtMs, native: JSON.parse(other.native) }
          }),
        }
      })
    },
  }
}

interface FeedPayloads {
  readonly bySeq: ReadonlyMap<number, { readonly native: string; readonly duplicates: number }>
  readonly others: ReadonlyMap<string, { readonly receivedAtMs: number; readonly native: string }[]>
  /** How often a payload came again, by its key, for payloads that schema 3 stored beside each of their events. */
  readonly repetitions: ReadonlyMap<string, number>
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

/** The payloads that are stored beside another event of the room, by the feed and the key of that event. */
async function payloadsOfSiblings(
  reader: Connection,
  { accountSid, roomSid }: RoomKey,
  events: readonly StoredEvent[],
): Promise<Map<string, string>> {
  const keys = events.flatMap(({ payload }) => (payload.at === 'sibling' ? [payload.eventKey] : []))
  if (keys.length === 0) return new Map()
  const { isOneOf, list } = reader.dialect
  const rows = await reader.all<Pick<EventRow, 'feedId' | 'eventKey' | 'native'>>(
    `select feed_id "feedId", event_key "eventKey", native from events
     where account_sid = ? and room_sid = ? and ${isOneOf('feed_id')} and ${isOneOf('event_key')}`,
    [accountSid, roomSid, list([...new Set(events.map(({ feedId }) => feedId))]), list(keys)],
  )
  return new Map(rows.map(({ feedId, eventKey, native }) => [`${feedId} ${eventKey}`, native]))
}

/** What the log of one feed has for the events of a page. Takes three statements at most. */
async function feedPayloads(
  reader: Connection,
  accountSid: string,
  feedId: string,
  events: readonly StoredEvent[],
): Promise<FeedPayloads> {
  const { isOneOf, eachOf, list } = reader.dialect
  const seqs = events.flatMap(({ payload }) => (payload.at === 'log' ? [payload.seq] : []))
  const payloads =
    seqs.length === 0
      ? []
      : await reader.all<{ seq: number; native: string; duplicates: number }>(
          `select seq, native, duplicates from feed_payloads
           where account_sid = ? and feed_id = ? and ${isOneOf('seq', 'bigint')} and payload_key not like '${CLAIM}%'`,
          [accountSid, feedId, list(seqs)],
        )
  const keys = events.flatMap(({ duplicates, eventKey }) => (duplicates > 0 ? [eventKey] : []))
  const others =
    keys.length === 0
      ? []
      : await reader.all<{ eventKey: string; receivedAtMs: number; native: string }>(
          // Their key is the key of the event, a `#` and a digest. `$` is the character after `#`.
          `select value "eventKey", received_at_ms "receivedAtMs", native from ${eachOf} join feed_payloads
             on payload_key > value || '#' and payload_key < value || '$'
           where account_sid = ? and feed_id = ? order by seq, payload_key`,
          [list(keys), accountSid, feedId],
        )
  const copied = events.flatMap(({ payload, eventKey }) =>
    payload.at === 'event' && !payload.isReducible ? (KEY_OF_COPY.exec(eventKey)?.[1] ?? []) : [],
  )
  const repeated =
    copied.length === 0
      ? []
      : await reader.all<{ key: string; duplicates: number }>(
          `select payload_key "key", duplicates from feed_payloads
           where account_sid = ? and feed_id = ? and ${isOneOf('payload_key')}`,
          [accountSid, feedId, list([...new Set(copied)])],
        )
  return {
    repetitions: new Map(repeated.map(({ key, duplicates }) => [key, duplicates])),
    bySeq: new Map(payloads.map(({ seq, ...payload }) => [seq, payload])),
    others: Map.groupBy(others, ({ eventKey }) => eventKey),
  }
}

/** The payload of an event, wherever it is stored. */
function nativeOf(
  { feedId, event, payload }: StoredEvent,
  siblings: ReadonlyMap<string, string>,
  log: FeedPayloads | undefined,
): unknown {
  if (payload.at === 'event') return JSON.parse(payload.native)
  if (payload.at === 'sibling') return JSON.parse(siblings.get(`${feedId} ${payload.eventKey}`) ?? '{}')
  return nativeInLog(event, log?.bySeq.get(payload.seq)?.native ?? '{}')
}

/** The payload in the log; an empty object for a payload that Rollcall made itself, and for a relocation. */
function nativeInLog(event: Event, text: string): unknown {
  if (isRelocation(event)) return {}
  const native = JSON.parse(text)
  return typeof native === 'object' && native !== null && 'rollcall' in native ? {} : native
}

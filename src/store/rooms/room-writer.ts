import type { Interval, RoomNumbers, Step } from '../../fold/numbers.ts'
import type { ParticipantState } from '../../fold/participant.ts'
import type { RoomState } from '../../fold/room.ts'
import type { Connection } from '../engine/database.ts'
import { indexable } from '../indexable.ts'
import type { RoomLocks } from './room-locks.ts'

/** One room of one account. */
export interface RoomKey {
  readonly accountSid: string
  readonly roomSid: string
}

/** An event on its way into the log; `body` and `native` are JSON. */
export interface LoggedEvent {
  readonly feedId: string
  readonly feedKind: string
  readonly eventKey: string
  readonly participantSid: string | undefined
  readonly atMs: number
  readonly receivedAtMs: number
  readonly body: string
  readonly native: string
}

export interface RoomRow {
  /** The feed that told of the room first. */
  readonly feedId: string
  readonly state: RoomState
  readonly numbers: RoomNumbers
}

export interface SavedRoom extends RoomRow {
  readonly name: string | undefined
  readonly type: string | undefined
  readonly codecs: readonly string[]
  readonly createdMs: number
  readonly endedMs: number | undefined
  /** The last sign of it. */
  readonly seenMs: number
  /** The resource as JSON. */
  readonly record: string
}

export interface SavedParticipant {
  readonly participantSid: string
  readonly state: ParticipantState
  readonly orderMs: number
  readonly identity: string | undefined
  readonly counted: boolean
  readonly interval: Interval | undefined
  readonly leaveStated: boolean
  readonly isOpen: boolean
  /** The last sign of the participant. */
  readonly seenMs: number
  /** The participant of this room that tells the stay instead. */
  readonly aliasOf: string | undefined
  /** The resource as JSON. */
  readonly record: string
}

/** An event as it lies in the log. */
export interface StoredEvent extends LoggedEvent {
  readonly duplicates: number
}

/** All that a transaction does to one room. */
export interface RoomWriter {
  /** Keeps the room to this transaction until it ends, and reads its row: to be called before anything else. */
  lock(): Promise<RoomRow | undefined>
  /** Appends the event. A key that is there already is counted, and kept out: `other` says that the payload differs. */
  append(event: LoggedEvent): Promise<'added' | 'same' | 'other'>
  loadParticipant(participantSid: string): Promise<ParticipantState | undefined>
  /** True if the participant's SID leads to another room. */
  isElsewhere(participantSid: string): Promise<boolean>
  /** The participants that share a native key. */
  seat(seatKey: string): Promise<{ participantSid: string; state: ParticipantState }[]>
  /** Those whose own leave nothing states, so that the room's end decides. */
  participantsWithoutLeave(): Promise<string[]>
  /** True if another counted participant of the room has this identity. */
  hasOtherWithIdentity(identity: string, participantSid: string): Promise<boolean>
  /** How the number of those who count and are there changes from a second on, by time. */
  steps(fromSec: number): Promise<Step[]>
  saveParticipant(participant: SavedParticipant): Promise<void>
  /** Lets the participant's SID lead to another room, where the stay is told. */
  saveAlias(participantSid: string, toRoomSid: string): Promise<void>
  save(room: SavedRoom): Promise<void>
  /** Every event of the room, or of one participant, by time. */
  events(participantSid?: string): Promise<StoredEvent[]>
  /** Forgets the room's rows, never its events. */
  clear(): Promise<void>
}

/** The `last_ms` of a room still in progress: later than any end. */
export const STILL_OPEN_MS = Number.MAX_SAFE_INTEGER

export function roomWriter(connection: Connection, locks: RoomLocks, key: RoomKey): RoomWriter {
  const { accountSid, roomSid } = key
  const room = [accountSid, roomSid]
  return {
    async lock() {
      const row = await locks.lock<{ feedId: string; state: string; numbers: string }>(
        key,
        'feed_id "feedId", state, numbers',
      )
      if (row === undefined) return undefined
      return { feedId: row.feedId, state: JSON.parse(row.state), numbers: JSON.parse(row.numbers) }
    },
    async append(event) {
      const added = await connection.run(
        `insert into events (account_sid, room_sid, feed_id, feed_kind, event_key, participant_sid, at_ms,
           received_at_ms, duplicates, body, native) values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
         on conflict (account_sid, room_sid, feed_id, event_key) do nothing`,
        [
          ...[...room, event.feedId, event.feedKind, event.eventKey, event.participantSid ?? null],
          ...[event.atMs, event.receivedAtMs, event.body, event.native],
        ],
      )
      if (added > 0) return 'added'
      const keyOfEvent = [...room, event.feedId, event.eventKey]
      const byKey = 'account_sid = ? and room_sid = ? and feed_id = ? and event_key = ?'
      await connection.run(`update events set duplicates = duplicates + 1 where ${byKey}`, keyOfEvent)
      const rows = await connection.all<{ native: string }>(
        `select native from events where ${byKey}`,
        keyOfEvent,
      )
      return rows[0]?.native === event.native ? 'same' : 'other'
    },
    async loadParticipant(participantSid) {
      const rows = await connection.all<{ state: string }>(
        'select state from participants where account_sid = ? and room_sid = ? and participant_sid = ?',
        [...room, participantSid],
      )
      return rows[0] === undefined ? undefined : JSON.parse(rows[0].state)
    },
    async isElsewhere(participantSid) {
      const rows = await connection.all(
        `select 1 from participants where account_sid = ? and room_sid = ? and participant_sid = ?
         and alias_room_sid <> room_sid`,
        [...room, participantSid],
      )
      return rows.length > 0
    },
    async seat(seatKey) {
      const rows = await connection.all<{ sid: string; state: string }>(
        `select participant_sid sid, state from participants where account_sid = ? and room_sid = ? and seat = ?
         order by participant_sid`,
        [...room, indexable(seatKey)],
      )
      return rows.map(({ sid, state }) => ({ participantSid: sid, state: JSON.parse(state) }))
    },
    async participantsWithoutLeave() {
      const rows = await connection.all<{ sid: string }>(
        `select participant_sid sid from participants
         where account_sid = ? and room_sid = ? and leave_stated = 0 order by participant_sid`,
        room,
      )
      return rows.map(row => row.sid)
    },
    async hasOtherWithIdentity(identity, participantSid) {
      const rows = await connection.all(
        `select 1 from participants where account_sid = ? and room_sid = ? and identity = ? and counted = 1
         and participant_sid <> ? limit 1`,
        [...room, indexable(identity), participantSid],
      )
      return rows.length > 0
    },
    steps: fromSec =>
      connection.all<Step>(
        `select sec, sum(net) net from (
           select join_sec sec, count(*) net from participants
           where account_sid = ? and room_sid = ? and join_sec >= ? group by join_sec
           union all
           select end_sec, -count(*) from participants
           where account_sid = ? and room_sid = ? and end_sec >= ? group by end_sec
         ) moves group by sec order by sec`,
        [...room, fromSec, ...room, fromSec],
      ),
    async saveParticipant(participant) {
      const { interval, state, aliasOf } = participant
      await connection.run(
        `insert into participants (account_sid, room_sid, participant_sid, order_ms, identity, counted, join_sec,
           end_sec, leave_stated, is_open, seen_ms, seat, alias_room_sid, alias_sid, state, record)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (account_sid, room_sid, participant_sid) do update set order_ms = excluded.order_ms,
           identity = excluded.identity, counted = excluded.counted, join_sec = excluded.join_sec,
           end_sec = excluded.end_sec, leave_stated = excluded.leave_stated, is_open = excluded.is_open,
           seen_ms = excluded.seen_ms, seat = excluded.seat, alias_room_sid = excluded.alias_room_sid,
           alias_sid = excluded.alias_sid, state = excluded.state, record = excluded.record`,
        [
          ...[...room, participant.participantSid, participant.orderMs, indexed(participant.identity)],
          ...[Number(participant.counted), interval?.joinSec ?? null, interval?.endSec ?? null],
          ...[Number(participant.leaveStated), Number(participant.isOpen), participant.seenMs],
          ...[indexed(state.seatKey), aliasOf === undefined ? null : roomSid, aliasOf ?? null],
          ...[JSON.stringify(state), participant.record],
        ],
      )
    },
    async saveAlias(participantSid, toRoomSid) {
      await connection.run(
        `insert into participants (account_sid, room_sid, participant_sid, order_ms, counted, leave_stated,
           alias_room_sid, alias_sid, state, record) values (?, ?, ?, 0, 0, 1, ?, ?, '{}', '{}')
         on conflict (account_sid, room_sid, participant_sid) do update set
           alias_room_sid = excluded.alias_room_sid`,
        [...room, participantSid, toRoomSid, participantSid],
      )
    },
    async save(saved) {
      await connection.run(
        `insert into rooms (account_sid, room_sid, feed_id, feed_kind, name, type, codecs, created_ms, last_ms,
           seen_ms, state, numbers, record)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (account_sid, room_sid) do update set feed_id = excluded.feed_id,
           feed_kind = excluded.feed_kind, name = excluded.name, type = excluded.type,
           codecs = excluded.codecs, created_ms = excluded.created_ms, last_ms = excluded.last_ms,
           seen_ms = excluded.seen_ms, state = excluded.state, numbers = excluded.numbers,
           record = excluded.record`,
        [
          ...[...room, saved.feedId, saved.state.feedKind, indexed(saved.name), saved.type ?? null],
          ...[codecList(saved.codecs), saved.createdMs, saved.endedMs ?? STILL_OPEN_MS, saved.seenMs],
          ...[JSON.stringify(saved.state), JSON.stringify(saved.numbers), saved.record],
        ],
      )
    },
    events: participantSid =>
      connection.all<StoredEvent>(
        `select feed_id "feedId", feed_kind "feedKind", event_key "eventKey", participant_sid "participantSid",
           at_ms "atMs", received_at_ms "receivedAtMs", duplicates, body, native from events
         where account_sid = ? and room_sid = ? ${participantSid === undefined ? '' : 'and participant_sid = ?'}
         order by at_ms, feed_id, event_key`,
        participantSid === undefined ? room : [...room, participantSid],
      ),
    async clear() {
      await connection.run('delete from participants where account_sid = ? and room_sid = ?', room)
      await connection.run('delete from rooms where account_sid = ? and room_sid = ?', room)
    },
  }
}

function indexed(text: string | undefined): string | null {
  return text === undefined ? null : indexable(text)
}

/** `,VP8,opus,`: so that one codec is found by a plain `like`. */
function codecList(codecs: readonly string[]): string {
  return `,${codecs.join(',')},`
}

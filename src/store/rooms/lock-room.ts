import { connectionKeyOf } from '../../fold/connection.ts'
import type { Step } from '../../fold/numbers.ts'
import { participantStateIn, roomStateIn } from '../../fold/stored.ts'
import type { Connection, SqlValue } from '../engine/database.ts'
import { overRows } from '../engine/over-rows.ts'
import { indexable } from '../indexable.ts'
import { appendEvents, EVENT_COLUMNS, type EventRow, putEvents, storedEvent } from './event-log.ts'
import type { LockedRoom, RoomRow, SavedRoom, SavedStay, StayRow } from './locked-room.ts'
import type { RoomKey } from './room-key.ts'

/** The `last_ms` of a room in progress. It is later than any end. */
export const STILL_OPEN_MS = Number.MAX_SAFE_INTEGER

/** The rooms that a transaction has locked. */
export interface RoomLocks {
  /** Locks the room until this transaction ends. Returns the same object if the transaction locks a room again. */
  lock(key: RoomKey): Promise<LockedRoom>
  /** Called at the end of the transaction. Deletes the rows of rooms that were locked and not saved. */
  finish(): Promise<void>
}

/** The `state` of a row that was only inserted to lock a room. No other transaction sees it. */
const PLACE_HOLDER = ''

/** Locks rooms by their rows. For a room without a row it inserts one: another transaction that does the same waits. */
export function roomLocks(connection: Connection): RoomLocks {
  const locked = new Map<string, Promise<LockedRoom>>()
  const placed: RoomKey[] = []

  async function lockRow({ accountSid, roomSid }: RoomKey): Promise<RoomRow | undefined> {
    for (;;) {
      const [row] = await connection.all<{ feedId: string; state: string; numbers: string }>(
        `select feed_id "feedId", state, numbers from rooms where account_sid = ? and room_sid = ?
         ${connection.dialect.forUpdate}`,
        [accountSid, roomSid],
      )
      if (row !== undefined) {
        if (row.state === PLACE_HOLDER) return undefined
        return { feedId: row.feedId, state: roomStateIn(row.state), numbers: JSON.parse(row.numbers) }
      }
      const added = await connection.run(
        `insert into rooms (account_sid, room_sid, codecs, created_ms, last_ms, state, numbers, record)
         values (?, ?, '', 0, 0, '${PLACE_HOLDER}', '', '') on conflict (account_sid, room_sid) do nothing`,
        [accountSid, roomSid],
      )
      if (added > 0) {
        placed.push({ accountSid, roomSid })
        return undefined
      }
      // Another transaction has inserted the row in the meantime: try to lock it again.
    }
  }

  return {
    lock(key) {
      const id = `${key.accountSid} ${key.roomSid}`
      const known = locked.get(id)
      if (known !== undefined) return known
      const room = lockRow(key).then(row => lockedRoom(connection, key, row))
      locked.set(id, room)
      return room
    },
    async finish() {
      for (const { accountSid, roomSid } of placed) {
        await connection.run(
          `delete from rooms where account_sid = ? and room_sid = ? and state = '${PLACE_HOLDER}'`,
          [accountSid, roomSid],
        )
      }
    },
  }
}

function lockedRoom(connection: Connection, key: RoomKey, row: RoomRow | undefined): LockedRoom {
  const room = [key.accountSid, key.roomSid]
  const { isOneOf, list, eachOf } = connection.dialect
  const isHeld = `exists (select 1 from participants
    where account_sid = ? and room_sid = ? and identity = value and counted = 1
      and not (${isOneOf('participant_sid')}))`
  return {
    key,
    row,
    append: events => appendEvents(connection, key, events),
    async bearing(asked) {
      const { participantSids, identities, connectionKeys, connectedAtMost } = asked
      const sids = list(participantSids)
      const rows = await connection.all<BearingRow>(
        `select 'stay' "is", participant_sid sid, state, alias_room_sid "aliasRoom" from participants
         where account_sid = ? and room_sid = ? and ${isOneOf('participant_sid')}
         union all
         select 'held', value, '', null from ${eachOf} where ${isHeld}
         union all
         select * from (select 'connected' "is", participant_sid sid, state, alias_room_sid from participants
           where account_sid = ? and room_sid = ? and ${isOneOf('connection_key')} limit ?) connected`,
        [
          ...[...room, sids, list(identities.map(indexable)), ...room, sids],
          ...[...room, list(connectionKeys.map(indexable)), connectedAtMost + 1],
        ],
      )
      const { stay = [], held = [], connected = [] } = Object.groupBy(rows, found => found.is)
      const byIndexable = new Map(identities.map(identity => [indexable(identity), identity]))
      return {
        asked,
        stays: stay.map(stayRow),
        isRelocated: stay.some(({ aliasRoom }) => aliasRoom !== null && aliasRoom !== key.roomSid),
        heldIdentities: new Set(held.flatMap(({ sid }) => byIndexable.get(sid) ?? [])),
        connected: connected.length > connectedAtMost ? undefined : connected.map(stayRow),
      }
    },
    async heldIdentities(identities, except) {
      const rows = await connection.all<{ value: string }>(`select value from ${eachOf} where ${isHeld}`, [
        list(identities.map(indexable)),
        ...room,
        list(except),
      ])
      const held = new Set(rows.map(({ value }) => value))
      return new Set(identities.filter(identity => held.has(indexable(identity))))
    },
    async connectionWindow(connectionKey, fromMs, toMs, margin) {
      const stays = `select participant_sid sid, state, connection_ms ms from participants
        where account_sid = ? and room_sid = ? and connection_key = ? and connection_ms`
      const found = async (where: string, params: SqlValue[]) => {
        const rows = await connection.all<{ sid: string; state: string }>(`${stays} ${where}`, [
          ...[...room, indexable(connectionKey)],
          ...params,
        ])
        return rows.map(stayRow)
      }
      const before = await found('< ? order by connection_ms desc limit ?', [fromMs, margin])
      const within = await found('between ? and ?', [fromMs, toMs])
      const after = await found('> ? order by connection_ms limit ?', [toMs, margin])
      const isFirst = before.length < margin
      return { stays: [...before, ...within, ...after], isFirst, isLast: after.length < margin }
    },
    async participantsWithoutLeave(onlyOpen) {
      const rows = await connection.all<{ sid: string }>(
        `select participant_sid sid from participants
         where account_sid = ? and room_sid = ? and leave_stated = 0 ${onlyOpen ? 'and is_open = 1' : ''}
         order by participant_sid`,
        room,
      )
      return rows.map(({ sid }) => sid)
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
    async saveStays(stays) {
      const values = stays.map(stay => [...room, ...stayValues(key, stay)])
      await overRows(
        connection,
        values,
        marks => `insert into participants ${STAY_COLUMNS} values ${marks} ${STAY_UPDATE}`,
      )
    },
    async saveRelocated(participantSid, toRoomSid) {
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
        [...room, ...roomValues(saved)],
      )
    },
    async events(participantSids) {
      const some = participantSids === undefined ? '' : `and ${isOneOf('participant_sid')}`
      const rows = await connection.all<EventRow>(
        `select ${EVENT_COLUMNS} from events where account_sid = ? and room_sid = ? ${some}
         order by at_ms, feed_id, event_key`,
        participantSids === undefined ? room : [...room, list(participantSids)],
      )
      return rows.map(storedEvent)
    },
    async rewrite({ put, remove }) {
      for (const { feedId, eventKey } of remove) {
        await connection.run(
          'delete from events where account_sid = ? and room_sid = ? and feed_id = ? and event_key = ?',
          [...room, feedId, eventKey],
        )
      }
      await putEvents(connection, key, put)
    },
    async clear() {
      await connection.run('delete from participants where account_sid = ? and room_sid = ?', room)
      await connection.run('delete from rooms where account_sid = ? and room_sid = ?', room)
    },
  }
}

interface BearingRow {
  readonly is: 'stay' | 'held' | 'connected'
  readonly sid: string
  readonly state: string
  readonly aliasRoom: string | null
}

const STAY_COLUMNS = `(account_sid, room_sid, participant_sid, order_ms, identity, counted, join_sec, end_sec,
  leave_stated, is_open, seen_ms, connection_key, connection_ms, alias_room_sid, alias_sid, state, record)`
const STAY_UPDATE = `on conflict (account_sid, room_sid, participant_sid) do update set
  order_ms = excluded.order_ms, identity = excluded.identity, counted = excluded.counted,
  join_sec = excluded.join_sec, end_sec = excluded.end_sec, leave_stated = excluded.leave_stated,
  is_open = excluded.is_open, seen_ms = excluded.seen_ms, connection_key = excluded.connection_key,
  connection_ms = excluded.connection_ms, alias_room_sid = excluded.alias_room_sid,
  alias_sid = excluded.alias_sid, state = excluded.state, record = excluded.record`

function stayValues({ roomSid }: RoomKey, stay: SavedStay): SqlValue[] {
  const { participantSid, interval, state, aliasOf } = stay
  const connectionKey = connectionKeyOf(state)
  return [
    ...[participantSid, stay.orderMs, indexed(stay.identity), Number(stay.counted)],
    ...[interval?.joinSec ?? null, interval?.endSec ?? null, Number(stay.leaveStated), Number(stay.isOpen)],
    ...[stay.seenMs, indexed(connectionKey), connectionKey === undefined ? null : stay.connectionMs],
    ...[aliasOf === undefined ? null : roomSid, aliasOf ?? null, JSON.stringify(state), stay.record],
  ]
}

function roomValues(saved: SavedRoom): SqlValue[] {
  return [
    ...[saved.feedId, saved.state.feedKind, indexed(saved.name), saved.type ?? null, codecList(saved.codecs)],
    ...[saved.createdMs, saved.endedMs ?? STILL_OPEN_MS, saved.seenMs, JSON.stringify(saved.state)],
    ...[JSON.stringify(saved.numbers), saved.record],
  ]
}

function stayRow({ sid, state }: { readonly sid: string; readonly state: string }): StayRow {
  return { participantSid: sid, state: participantStateIn(state) }
}

function indexed(text: string | undefined): string | null {
  return text === undefined ? null : indexable(text)
}

/** Codecs in the form `,VP8,opus,`, in which `like` finds one of them. */
function codecList(codecs: readonly string[]): string {
  return `,${codecs.join(',')},`
}

import type { Connection, SqlValue } from '../engine/database.ts'
import { indexable } from '../indexable.ts'
import type { RoomKey } from './room-key.ts'

/** A place in a list. Rows before and after it are found by comparing with it. */
export interface Position {
  readonly ms: number
  readonly sid: string
}

/** A row of a list: its place, and the resource as JSON without what depends on the request, such as URLs. */
export interface RecordRow extends Position {
  readonly record: string
}

/** `limit` rows after a position or before one; from the start of the list if neither is given. */
export interface Page {
  readonly limit: number
  readonly after?: Position | undefined
  readonly before?: Position | undefined
}

export interface RoomFilter {
  readonly types: readonly string[]
  readonly codecs: readonly string[]
  readonly name: string | undefined
  /** Inclusive; unix milliseconds. */
  readonly createdFromMs: number | undefined
  /** Exclusive; unix milliseconds. */
  readonly createdToMs: number | undefined
  /** Only rooms in progress and those that ended at this moment or later. */
  readonly endedFromMs: number | undefined
}

/** Where a participant is listed. */
export interface ParticipantPlace {
  readonly roomSid: string
  readonly participantSid: string
}

/** Reads records. Every page of a list costs the same, because it starts at a key of an index. */
export interface RecordStore {
  room(key: RoomKey): Promise<string | undefined>
  /** The participant, and where it is listed. The SID of a stay that turned out to be part of another leads there. */
  participant(
    key: RoomKey,
    participantSid: string,
  ): Promise<(ParticipantPlace & { readonly record: string }) | undefined>
  /** A page of the participants of a room, by join time and then SID, both ascending. */
  participants(key: RoomKey, page: Page): Promise<RecordRow[]>
  /** A page of the rooms of an account, the newest first. */
  rooms(accountSid: string, filter: RoomFilter, page: Page): Promise<RecordRow[]>
  /** A page of the rooms that have events, by account and SID, after a room or from the start. */
  roomKeys(after?: RoomKey): Promise<RoomKey[]>
}

const KEYS_AT_ONCE = 1_000
/** A SID leads to another once for each relocation of its stay. The limit ends a circle, which should never exist. */
const MAX_HOPS = 100

export function recordStore(reader: Connection): RecordStore {
  return {
    async room({ accountSid, roomSid }) {
      const rows = await reader.all<{ record: string }>(
        'select record from rooms where account_sid = ? and room_sid = ?',
        [accountSid, roomSid],
      )
      return rows[0]?.record
    },
    async participant({ accountSid, roomSid }, participantSid) {
      let place: ParticipantPlace = { roomSid, participantSid }
      for (let hops = 0; hops < MAX_HOPS; hops++) {
        const rows = await reader.all<
          ParticipantPlace & { record: string; aliasRoom: string | null; aliasSid: string }
        >(
          `select room_sid "roomSid", participant_sid "participantSid", record, alias_room_sid "aliasRoom",
             alias_sid "aliasSid" from participants where account_sid = ? and room_sid = ? and participant_sid = ?`,
          [accountSid, place.roomSid, place.participantSid],
        )
        const [row] = rows
        if (row === undefined || row.aliasRoom === null) return row
        place = { roomSid: row.aliasRoom, participantSid: row.aliasSid }
      }
      return undefined
    },
    participants: ({ accountSid, roomSid }, page) =>
      selectPage<RecordRow>(reader, page, {
        select: 'select order_ms ms, participant_sid sid, record from participants',
        where: ['account_sid = ?', 'room_sid = ?', 'alias_sid is null'],
        params: [accountSid, roomSid],
        key: ['order_ms', 'participant_sid'],
        descending: false,
      }),
    async rooms(accountSid, filter, page) {
      const { endedFromMs } = filter
      const query = roomQuery(accountSid, filter)
      if (endedFromMs === undefined) return selectPage<RecordRow>(reader, page, query)
      // A room that was created at `endedFromMs` or later cannot have ended before: one index gives these rooms.
      const recent = narrowed(query, 'created_ms >= ?', [endedFromMs])
      const older = olderRooms(query, accountSid, endedFromMs)
      const [first, second] = page.before === undefined ? [recent, older] : [older, recent]
      const rows = await selectPage<RecordRow>(reader, page, first)
      if (rows.length >= page.limit) return rows
      const more = await selectPage<RecordRow>(reader, { ...page, limit: page.limit - rows.length }, second)
      return page.before === undefined ? [...rows, ...more] : [...more, ...rows]
    },
    roomKeys: (after = { accountSid: '', roomSid: '' }) =>
      reader.all<RoomKey>(
        `select distinct account_sid "accountSid", room_sid "roomSid" from events
         where (account_sid, room_sid) > (?, ?) order by account_sid, room_sid limit ?`,
        [after.accountSid, after.roomSid, KEYS_AT_ONCE],
      ),
  }
}

type Condition = readonly [sql: string, ...params: SqlValue[]]

/** A list: what is selected, the columns that make the place of a row, and the order. */
export interface Query {
  select: string
  where: string[]
  params: SqlValue[]
  key: readonly [ms: string, sid: string]
  descending: boolean
}

/** Rooms that were created before `endedFromMs` and had not ended then. An index finds them by their end. */
function olderRooms(query: Query, accountSid: string, endedFromMs: number): Query {
  const byEnd = `room_sid in (select room_sid from rooms where account_sid = ? and last_ms >= ? and +created_ms < ?)`
  // The plus keeps SQLite from using the index by creation, which would read all older rooms.
  return {
    ...narrowed(query, byEnd, [accountSid, endedFromMs, endedFromMs]),
    key: ['+created_ms', 'room_sid'],
  }
}

function narrowed(query: Query, sql: string, params: readonly SqlValue[]): Query {
  return { ...query, where: [...query.where, sql], params: [...query.params, ...params] }
}

function roomQuery(accountSid: string, filter: RoomFilter): Query {
  const conditions: Condition[] = [['account_sid = ?', accountSid]]
  if (filter.name !== undefined) conditions.push(['name = ?', indexable(filter.name)])
  if (filter.createdFromMs !== undefined) conditions.push(['created_ms >= ?', filter.createdFromMs])
  if (filter.createdToMs !== undefined) conditions.push(['created_ms < ?', filter.createdToMs])
  if (filter.types.length > 0) conditions.push(anyOf('type = ?', filter.types))
  if (filter.codecs.length > 0) {
    conditions.push(
      anyOf(
        'codecs like ?',
        filter.codecs.map(codec => `%,${codec},%`),
      ),
    )
  }
  return {
    select: 'select created_ms ms, room_sid sid, record from rooms',
    where: conditions.map(([sql]) => sql),
    params: conditions.flatMap(([, ...params]) => params),
    key: ['created_ms', 'room_sid'],
    descending: true,
  }
}

function anyOf(sql: string, values: readonly string[]): Condition {
  return [`(${values.map(() => sql).join(' or ')})`, ...values]
}

/** The rows of a page in list order. A page before a position is read backwards and then reversed. */
export async function selectPage<Row extends Position>(
  reader: Connection,
  page: Page,
  query: Query,
): Promise<Row[]> {
  const [ms, sid] = query.key
  const backwards = page.before !== undefined
  const descending = query.descending !== backwards
  const where = [...query.where]
  const params = [...query.params]
  const from = page.before ?? page.after
  if (from !== undefined) {
    where.push(`(${ms}, ${sid}) ${descending ? '<' : '>'} (?, ?)`)
    params.push(from.ms, from.sid)
  }
  const direction = descending ? 'desc' : 'asc'
  const rows = await reader.all<Row>(
    `${query.select} where ${where.join(' and ')} order by ${ms} ${direction}, ${sid} ${direction} limit ?`,
    [...params, page.limit],
  )
  return backwards ? rows.reverse() : rows
}

import { setImmediate as nextTurn } from 'node:timers/promises'
import { CODECS, ROOM_TYPES } from '../../event.ts'
import type { Connection, SqlValue } from '../engine/database.ts'
import { indexable } from '../indexable.ts'
import { type Page, type Position, type Query, type RecordRow, selectPage } from './select-page.ts'

/** How many rooms one statement compares with a filter at most, so that others are served in between. */
const ROOMS_AT_ONCE = 5_000

/** Which rooms are listed: those that meet every filter that is given. */
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

type Condition = readonly [sql: string, ...params: SqlValue[]]

/** A way to find rooms: along an index, whose rooms are compared with the filters that the index does not hold. */
interface Walk {
  readonly index: string
  readonly along: readonly Condition[]
  readonly compared: readonly Condition[]
}

/**
 * A page of the rooms of an account, the newest first. Each filter has an index: where several filters are given, the
 * rooms that one of them gives are compared with the others, ROOMS_AT_ONCE by a statement.
 */
export async function selectRooms(
  reader: Connection,
  accountSid: string,
  filter: RoomFilter,
  page: Page,
): Promise<RecordRow[]> {
  const { endedFromMs } = filter
  if (endedFromMs === undefined) return await walkAll(reader, walksOf(accountSid, filter), page)
  // A room that was created at `endedFromMs` or later cannot have ended before.
  const createdFromMs = Math.max(filter.createdFromMs ?? endedFromMs, endedFromMs)
  const recent = (part: Page) => walkAll(reader, walksOf(accountSid, { ...filter, createdFromMs }), part)
  const older = (part: Page) =>
    selectPage<RecordRow>(reader, part, olderRooms(accountSid, filter, endedFromMs))
  const [first, second] = page.before === undefined ? [recent, older] : [older, recent]
  const rows = await first(page)
  if (rows.length >= page.limit) return rows
  const more = await second({ ...page, limit: page.limit - rows.length })
  return page.before === undefined ? [...rows, ...more] : [...more, ...rows]
}

/** The walks that together find all rooms of a filter. A room may be found by several of them. */
function walksOf(accountSid: string, filter: RoomFilter): Walk[] {
  const always: Condition[] = [['account_sid = ?', accountSid], ...createdWithin(filter)]
  const types = conditionsOn(ROOM_TYPES, filter.types, isOfType)
  const codecs = conditionsOn(CODECS, filter.codecs, hasCodec)
  if (filter.name !== undefined) {
    const along = [...always, ['name = ?', indexable(filter.name)] as const]
    return [{ index: 'rooms_by_name', along, compared: [...anyOf(types), ...anyOf(codecs)] }]
  }
  const [found, compared] = codecs.length > 0 ? [codecs, types] : [types, []]
  if (found.length === 0) return [{ index: 'rooms_by_creation', along: always, compared: [] }]
  return found.map(({ index, sql }) => ({ index, along: [...always, [sql]], compared: anyOf(compared) }))
}

/** Rooms that were created before `endedFromMs` and had not ended then. An index finds them by their end. */
function olderRooms(accountSid: string, filter: RoomFilter, endedFromMs: number): Query {
  // The plus keeps SQLite from using the index by creation, which would read all older rooms.
  const byEnd = `room_sid in (select room_sid from rooms where account_sid = ? and last_ms >= ? and +created_ms < ?)`
  const conditions: Condition[] = [
    ['account_sid = ?', accountSid],
    ...createdWithin(filter),
    ...(filter.name === undefined ? [] : [['name = ?', indexable(filter.name)] as const]),
    ...anyOf(conditionsOn(ROOM_TYPES, filter.types, isOfType)),
    ...anyOf(conditionsOn(CODECS, filter.codecs, hasCodec)),
    [byEnd, accountSid, endedFromMs, endedFromMs],
  ]
  return { ...queryOf('rooms', conditions), key: ['+created_ms', 'room_sid'] }
}

function createdWithin({ createdFromMs, createdToMs }: RoomFilter): Condition[] {
  return [
    ...(createdFromMs === undefined ? [] : [['created_ms >= ?', createdFromMs] as const]),
    ...(createdToMs === undefined ? [] : [['created_ms < ?', createdToMs] as const]),
  ]
}

/** A value of a filter: its condition, and the index that holds only rooms that meet it. */
interface FilterValue {
  readonly sql: string
  readonly index: string
}

// The planners see that an index holds these rooms only if the condition has the value itself, not a parameter.
function isOfType(type: string): FilterValue {
  return { sql: `type = '${type}'`, index: `rooms_of_type_${type}` }
}

function hasCodec(codec: string): FilterValue {
  return { sql: `codecs like '%,${codec},%'`, index: `rooms_with_${codec.toLowerCase()}` }
}

function conditionsOn(
  known: readonly string[],
  asked: readonly string[],
  toFilter: (value: string) => FilterValue,
) {
  return known.filter(value => asked.includes(value)).map(toFilter)
}

function anyOf(values: readonly FilterValue[]): Condition[] {
  return values.length === 0 ? [] : [[`(${values.map(({ sql }) => sql).join(' or ')})`]]
}

function queryOf(from: string, conditions: readonly Condition[]): Query {
  return {
    select: `select created_ms ms, room_sid sid, record from ${from}`,
    where: conditions.map(([sql]) => sql),
    params: conditions.flatMap(([, ...params]) => params),
    key: ['created_ms', 'room_sid'],
    descending: true,
  }
}

/** A page of what several walks find, each room once. */
async function walkAll(reader: Connection, walks: readonly Walk[], page: Page): Promise<RecordRow[]> {
  const found = new Map<string, RecordRow>()
  for (const walk of walks) for (const row of await walkOne(reader, walk, page)) found.set(row.sid, row)
  const rows = [...found.values()]
  if (walks.length > 1) rows.sort(newestFirst)
  return page.before === undefined ? rows.slice(0, page.limit) : rows.slice(-page.limit)
}

async function walkOne(
  reader: Connection,
  { index, along, compared }: Walk,
  page: Page,
): Promise<RecordRow[]> {
  const from = `rooms ${reader.dialect.indexedBy(index)}`
  const query = queryOf(from, [...along, ...compared])
  if (compared.length === 0) return await selectPage<RecordRow>(reader, page, query)
  const rows: RecordRow[] = []
  for (let place = page; ; ) {
    const end = await endOfPart(reader, queryOf(from, along), place)
    if (end === undefined) return rows
    const limit = page.limit - rows.length
    const part = await selectPage<RecordRow>(reader, { ...place, limit }, upTo(query, end, page))
    if (page.before === undefined) rows.push(...part)
    else rows.unshift(...part)
    if (rows.length >= page.limit) return rows
    place = page.before === undefined ? { ...page, after: end } : { ...page, before: end }
    await nextTurn()
  }
}

/** The last of the next ROOMS_AT_ONCE rooms of a walk; undefined if there are no more. */
async function endOfPart(reader: Connection, query: Query, page: Page): Promise<Position | undefined> {
  const keys = { ...query, select: query.select.replace(', record', '') }
  const rows = await selectPage<Position>(reader, { ...page, limit: ROOMS_AT_ONCE }, keys)
  return page.before === undefined ? rows.at(-1) : rows[0]
}

function upTo(query: Query, end: Position, { before }: Page): Query {
  const where = `(created_ms, room_sid) ${before === undefined ? '>=' : '<='} (?, ?)`
  return { ...query, where: [...query.where, where], params: [...query.params, end.ms, end.sid] }
}

function newestFirst(a: Position, b: Position): number {
  if (a.ms !== b.ms) return b.ms - a.ms
  return a.sid < b.sid ? 1 : -1
}

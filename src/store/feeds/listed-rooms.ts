import type { Connection, Database } from '../engine/database.ts'
import { overRows } from '../engine/over-rows.ts'

/** A room that the list of a feed's media server has, or had until a day ago. Times are unix milliseconds. */
export interface ListedRoomRow {
  readonly roomSid: string
  /** When its participants were last asked for; 0 if it is to be asked first. */
  readonly askedAtMs: number
  /** When the list was first seen to lack the room; undefined while the list has it. */
  readonly missingSinceMs: number | undefined
}

/** The native keys of the participants that a list of participants had, and when that list was read. */
export interface ListedPeople {
  readonly atMs: number
  readonly nativeKeys: readonly string[]
}

/** When the server was asked who is in a room, and its answer if that could be used. */
export interface AskedRoom {
  readonly roomSid: string
  readonly askedAtMs: number
  readonly people: ListedPeople | undefined
}

/** What the lists of media servers had, by the id of the feed. */
export interface ListedRoomStore {
  /** A page of the rooms of a feed, by SID. It begins after the room of `after`, or with the first room. */
  page(feedId: string, after?: ListedRoomRow): Promise<ListedRoomRow[]>
  /** The last list of participants of a room; undefined if there was none. */
  people(feedId: string, roomSid: string): Promise<ListedPeople | undefined>
  /**
   * Stores which rooms the list now has and lacks that it lacked and had before. Forgets the rooms that it has lacked
   * for FORGET_AFTER_MS.
   */
  noteRooms(
    feedId: string,
    change: {
      readonly atMs: number
      readonly listed: readonly string[]
      readonly missing: readonly string[]
    },
  ): Promise<void>
  noteAsked(feedId: string, asked: readonly AskedRoom[]): Promise<void>
}

const PAGE_ROWS = 500
const FORGET_AFTER_MS = 24 * 3_600_000

export function listedRoomStore(database: Database): ListedRoomStore {
  const { reader } = database
  return {
    async page(feedId, after) {
      const rows = await reader.all<{ roomSid: string; askedAtMs: number; missingSinceMs: number | null }>(
        `select room_sid "roomSid", asked_at_ms "askedAtMs", missing_since_ms "missingSinceMs" from listed_rooms
         where feed_id = ? and room_sid > ? order by room_sid limit ${PAGE_ROWS}`,
        [feedId, after?.roomSid ?? ''],
      )
      return rows.map(row => ({ ...row, missingSinceMs: row.missingSinceMs ?? undefined }))
    },
    async people(feedId, roomSid) {
      const [row] = await reader.all<{ atMs: number | null; people: string }>(
        'select compared_at_ms "atMs", people from listed_rooms where feed_id = ? and room_sid = ?',
        [feedId, roomSid],
      )
      if (row === undefined || row.atMs === null) return undefined
      return { atMs: row.atMs, nativeKeys: JSON.parse(row.people) }
    },
    async noteRooms(feedId, { atMs, listed, missing }) {
      await database.transact(async connection => {
        const { isOneOf, list } = connection.dialect
        await overRows(
          connection,
          listed.map(roomSid => [feedId, roomSid, 0, '[]']),
          marks => `insert into listed_rooms (feed_id, room_sid, asked_at_ms, people) values ${marks}
            on conflict (feed_id, room_sid) do update set missing_since_ms = null`,
        )
        await connection.run(
          `update listed_rooms set missing_since_ms = ? where feed_id = ? and ${isOneOf('room_sid')}`,
          [atMs, feedId, list(missing)],
        )
        await connection.run('delete from listed_rooms where feed_id = ? and missing_since_ms < ?', [
          feedId,
          atMs - FORGET_AFTER_MS,
        ])
      }, feedId)
    },
    async noteAsked(feedId, asked) {
      await database.transact(async connection => {
        for (const one of asked) await noteOne(connection, feedId, one)
      }, feedId)
    },
  }
}

async function noteOne(
  connection: Connection,
  feedId: string,
  { roomSid, askedAtMs, people }: AskedRoom,
): Promise<void> {
  await connection.run('update listed_rooms set asked_at_ms = ? where feed_id = ? and room_sid = ?', [
    askedAtMs,
    feedId,
    roomSid,
  ])
  if (people === undefined) return
  await connection.run(
    'update listed_rooms set compared_at_ms = ?, people = ? where feed_id = ? and room_sid = ?',
    [people.atMs, JSON.stringify(people.nativeKeys), feedId, roomSid],
  )
}

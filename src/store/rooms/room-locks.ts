import type { Connection } from '../engine/database.ts'
import type { RoomKey } from './room-writer.ts'

/** The rooms that a transaction has locked before they had a row. */
export interface RoomLocks {
  /** Waits until no other transaction has the room; its row, if it has one. */
  lock<Row>(room: RoomKey, select: string): Promise<Row | undefined>
  /** To be called last: a room that has no row yet has none afterwards. */
  finish(): Promise<void>
}

/** The `state` of a row that stands for a room only while it is locked; never seen outside of the transaction. */
const NOT_YET = ''

/**
 * A room is locked by its row. One that has none gets a row that holds its place: whoever else inserts it waits.
 * `select` gives the columns that are read from the row.
 */
export function roomLocks(connection: Connection): RoomLocks {
  const placed: RoomKey[] = []
  return {
    async lock<Row>(room: RoomKey, select: string) {
      const key = [room.accountSid, room.roomSid]
      for (;;) {
        const rows = await connection.all<Row & { state: string }>(
          `select ${select} from rooms where account_sid = ? and room_sid = ? for update`,
          key,
        )
        const [row] = rows
        if (row !== undefined) return row.state === NOT_YET ? undefined : row
        const added = await connection.run(
          `insert into rooms (account_sid, room_sid, codecs, created_ms, last_ms, state, numbers, record)
           values (?, ?, '', 0, 0, '${NOT_YET}', '', '') on conflict (account_sid, room_sid) do nothing`,
          key,
        )
        if (added > 0) {
          placed.push(room)
          return undefined
        }
        // Another transaction made it, or made it anew, in the meantime.
      }
    },
    async finish() {
      for (const { accountSid, roomSid } of placed) {
        await connection.run(
          `delete from rooms where account_sid = ? and room_sid = ? and state = '${NOT_YET}'`,
          [accountSid, roomSid],
        )
      }
    },
  }
}

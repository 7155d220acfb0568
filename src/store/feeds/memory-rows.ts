import type { Connection, SqlValue } from '../engine/database.ts'
import { overRows } from '../engine/over-rows.ts'
import type { FeedKey } from './feed-log.ts'

/** An entry of a feed's memory, as it is stored. */
export interface MemoryRow {
  readonly key: string
  /** JSON. */
  readonly value: string
  /** When `expire` of the feed is to look at the entry, in unix milliseconds; null for never. */
  readonly dueMs: number | null
}

/** The entries of one feed's memory. */
export interface MemoryRows {
  read(keys: readonly string[]): Promise<MemoryRow[]>
  /** The entries whose keys are `from` or later and before `to`, by key. */
  range(from: string, to: string): Promise<MemoryRow[]>
  /** The entries that are due at `nowMs`. The entry that is due for longest comes first. */
  due(nowMs: number, limit: number): Promise<MemoryRow[]>
  write(rows: readonly MemoryRow[]): Promise<void>
  remove(keys: readonly string[]): Promise<void>
}

/** The memory of a feed, in the transaction that the connection is in. */
export function memoryRows(connection: Connection, { accountSid, feedId }: FeedKey): MemoryRows {
  const feed = [accountSid, feedId]
  const { isOneOf, list } = connection.dialect
  const entry = `select memory_key "key", value, due_ms "dueMs" from feed_memory where account_sid = ? and feed_id = ?`
  return {
    read: keys => connection.all<MemoryRow>(`${entry} and ${isOneOf('memory_key')}`, [...feed, list(keys)]),
    range: (from, to) =>
      connection.all<MemoryRow>(`${entry} and memory_key >= ? and memory_key < ? order by memory_key`, [
        ...[...feed, from, to],
      ]),
    due: (nowMs, limit) =>
      connection.all<MemoryRow>(`${entry} and due_ms <= ? order by due_ms, memory_key limit ?`, [
        ...[...feed, nowMs, limit],
      ]),
    async write(rows) {
      const values = rows.map(({ key, value, dueMs }): SqlValue[] => [...feed, key, value, dueMs])
      await overRows(
        connection,
        values,
        marks =>
          `insert into feed_memory (account_sid, feed_id, memory_key, value, due_ms) values ${marks}
           on conflict (account_sid, feed_id, memory_key) do update set value = excluded.value,
             due_ms = excluded.due_ms`,
      )
    },
    async remove(keys) {
      if (keys.length === 0) return
      await connection.run(
        `delete from feed_memory where account_sid = ? and feed_id = ? and ${isOneOf('memory_key')}`,
        [...feed, list(keys)],
      )
    },
  }
}

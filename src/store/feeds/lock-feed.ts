import type { Connection } from '../engine/database.ts'
import { type FeedKey, type FeedLog, feedLog } from './feed-log.ts'
import { type MemoryRows, memoryRows } from './memory-rows.ts'

/** A feed that this transaction has locked until it ends. */
export interface LockedFeed {
  /** The first of the places in the log that were reserved for this transaction. */
  readonly firstSeq: number
  readonly log: FeedLog
  readonly memory: MemoryRows
}

/**
 * Waits until no other transaction has locked the feed, locks it, and reserves `payloads` places in its log. The lock
 * is that of the row of `feeds_heard`, which holds the last place.
 */
export async function lockFeed(connection: Connection, key: FeedKey, payloads: number): Promise<LockedFeed> {
  const lastSeq = await reserve(connection, key, payloads)
  return {
    firstSeq: lastSeq - payloads + 1,
    log: feedLog(connection, key),
    memory: memoryRows(connection, key),
  }
}

async function reserve(connection: Connection, key: FeedKey, payloads: number): Promise<number> {
  for (;;) {
    const [row] = await connection.all<{ lastSeq: number }>(
      'update feeds_heard set last_seq = last_seq + ? where feed_id = ? returning last_seq "lastSeq"',
      [payloads, key.feedId],
    )
    if (row !== undefined) return row.lastSeq
    await connection.run(
      'insert into feeds_heard (feed_id, heard_at_ms) values (?, 0) on conflict (feed_id) do nothing',
      [key.feedId],
    )
  }
}

import type { Entry, Memory } from '../../feeds/memory.ts'
import type { Connection } from '../engine/database.ts'

interface Row {
  readonly key: string
  readonly value: string
}

/** The memory of one feed of one account, in the transaction that the connection is in. */
export function feedMemory(connection: Connection, accountSid: string, feedId: string): Memory {
  const feed = [accountSid, feedId]
  const select = 'select memory_key "key", value from feed_memory where account_sid = ? and feed_id = ?'
  const range = `${select} and memory_key >= ? and memory_key < ? order by memory_key`
  return {
    async get(key) {
      const rows = await connection.all<Row>(`${select} and memory_key = ?`, [...feed, key])
      return rows[0] && JSON.parse(rows[0].value)
    },
    async set(key, value) {
      await connection.run(
        `insert into feed_memory (account_sid, feed_id, memory_key, value) values (?, ?, ?, ?)
         on conflict (account_sid, feed_id, memory_key) do update set value = excluded.value`,
        [...feed, key, JSON.stringify(value)],
      )
    },
    async delete(key) {
      await connection.run(
        'delete from feed_memory where account_sid = ? and feed_id = ? and memory_key = ?',
        [...feed, key],
      )
    },
    async list<T>(from: string, to: string) {
      return (await connection.all<Row>(range, [...feed, from, to])).map(entryOf<T>)
    },
    async last<T>(from: string, to: string) {
      return (await connection.all<Row>(`${range} desc limit 1`, [...feed, from, to])).map(entryOf<T>)[0]
    },
  }
}

/** Waits until no other transaction has the feed: it is locked by the row that tells when it was heard. */
export async function lockFeed(connection: Connection, feedId: string): Promise<void> {
  const lock = 'select feed_id from feeds_heard where feed_id = ? for update'
  if ((await connection.all(lock, [feedId])).length > 0) return
  await connection.run(
    'insert into feeds_heard (feed_id, heard_at_ms) values (?, 0) on conflict (feed_id) do nothing',
    [feedId],
  )
  await connection.all(lock, [feedId])
}

function entryOf<T>({ key, value }: Row): Entry<T> {
  return { key, value: JSON.parse(value) }
}

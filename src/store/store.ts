import { type AccountStore, accountStore } from './accounts.ts'
import type { Connection, Database } from './database.ts'
import { type DeliveryStore, deliveryStore } from './deliveries.ts'
import { type FeedStore, feedStore } from './feeds.ts'
import { migrate } from './migrate.ts'
import { type RecordStore, recordStore } from './records.ts'
import { type RoomKey, type RoomWriter, roomWriter } from './room-writer.ts'

/** What a transaction may touch. */
export interface Transaction {
  room(key: RoomKey): RoomWriter
  /** Keeps an authentic payload that tells nothing of a room; false if it is there already. */
  keepPayload(payload: KeptPayload): Promise<boolean>
}

export interface KeptPayload {
  readonly accountSid: string
  readonly feedId: string
  readonly payloadKey: string
  readonly receivedAtMs: number
  /** Why it led to no event. */
  readonly reason: string
  /** The payload as JSON, secrets stripped. */
  readonly native: string
}

/** Everything Rollcall keeps. Times are unix milliseconds; expected absence is undefined. */
export interface Store {
  readonly accounts: AccountStore
  readonly feeds: FeedStore
  readonly deliveries: DeliveryStore
  readonly records: RecordStore
  /** Runs `work` in one transaction; resolves once it is durable, rejects with StoreUnavailableError if it cannot be. */
  transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** The store over an engine, its schema brought up to date. */
export async function createStore(database: Database): Promise<Store> {
  await migrate(database)
  return {
    accounts: accountStore(database),
    feeds: feedStore(database),
    deliveries: deliveryStore(database),
    records: recordStore(database.reader),
    transact: work => database.transact(connection => work(transactionOver(connection))),
    close: () => database.close(),
  }
}

function transactionOver(connection: Connection): Transaction {
  return {
    room: key => roomWriter(connection, key),
    async keepPayload({ accountSid, feedId, payloadKey, receivedAtMs, reason, native }) {
      const added = await connection.run(
        `insert into feed_payloads (account_sid, feed_id, payload_key, received_at_ms, reason, native)
         values (?, ?, ?, ?, ?, ?) on conflict (account_sid, feed_id, payload_key) do nothing`,
        [accountSid, feedId, payloadKey, receivedAtMs, reason, native],
      )
      return added > 0
    },
  }
}

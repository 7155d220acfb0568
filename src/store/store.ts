import type { Memory } from '../memory.ts'
import { type AccountStore, accountStore } from './accounts.ts'
import type { Connection, Database } from './database.ts'
import { type DeliveryStore, deliveryStore } from './deliveries.ts'
import { type EvidenceStore, evidenceStore } from './evidence.ts'
import { feedMemory } from './feed-memory.ts'
import { type FeedStore, feedStore } from './feeds.ts'
import { migrate } from './migrate.ts'
import { type OpenStays, openStays } from './open-stays.ts'
import { type RecordStore, recordStore } from './records.ts'
import { type RoomKey, type RoomWriter, roomWriter } from './room-writer.ts'
import { type UptimeStore, uptimeStore } from './uptime.ts'

/** What a transaction may touch. */
export interface Transaction {
  room(key: RoomKey): RoomWriter
  /** What a feed remembers. */
  memory(accountSid: string, feedId: string): Memory
  /** Keeps an authentic payload in the log of its feed; false if it is there already, which is counted. */
  keepPayload(payload: KeptPayload): Promise<boolean>
  /** True if the log of the feed has the payload, which is counted. */
  isKnownPayload(accountSid: string, feedId: string, payloadKey: string): Promise<boolean>
}

export interface KeptPayload {
  readonly accountSid: string
  readonly feedId: string
  readonly payloadKey: string
  readonly receivedAtMs: number
  /** Why it led to no event; empty where it led to some. */
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
  readonly evidence: EvidenceStore
  readonly open: OpenStays
  readonly uptime: UptimeStore
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
    evidence: evidenceStore(database.reader),
    open: openStays(database.reader),
    uptime: uptimeStore(database),
    transact: work => database.transact(connection => work(transactionOver(connection))),
    close: () => database.close(),
  }
}

function transactionOver(connection: Connection): Transaction {
  const isKnownPayload: Transaction['isKnownPayload'] = async (accountSid, feedId, payloadKey) => {
    const counted = await connection.run(
      `update feed_payloads set duplicates = duplicates + 1
       where account_sid = ? and feed_id = ? and payload_key = ?`,
      [accountSid, feedId, payloadKey],
    )
    return counted > 0
  }
  return {
    room: key => roomWriter(connection, key),
    memory: (accountSid, feedId) => feedMemory(connection, accountSid, feedId),
    isKnownPayload,
    async keepPayload({ accountSid, feedId, payloadKey, receivedAtMs, reason, native }) {
      if (await isKnownPayload(accountSid, feedId, payloadKey)) return false
      await connection.run(
        `insert into feed_payloads (account_sid, feed_id, payload_key, seq, received_at_ms, reason, native)
         values (?, ?, ?, (select coalesce(max(seq), 0) + 1 from feed_payloads where account_sid = ? and feed_id = ?),
           ?, ?, ?)`,
        [accountSid, feedId, payloadKey, accountSid, feedId, receivedAtMs, reason, native],
      )
      return true
    },
  }
}

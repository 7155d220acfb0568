import { randomUUID } from 'node:crypto'
import type { Memory } from '../feeds/memory.ts'
import { type AccountStore, accountStore } from './accounts.ts'
import type { Connection, Database, Lease } from './engine/database.ts'
import { type DeliveryStore, deliveryStore } from './feeds/deliveries.ts'
import { type FeedStore, feedStore } from './feeds/feeds.ts'
import { feedMemory, lockFeed } from './feeds/memory.ts'
import { type EvidenceStore, evidenceStore } from './rooms/evidence.ts'
import { type OpenStays, openStays } from './rooms/open-stays.ts'
import { type RecordStore, recordStore } from './rooms/records.ts'
import { roomLocks } from './rooms/room-locks.ts'
import { type RoomKey, type RoomWriter, roomWriter } from './rooms/room-writer.ts'
import { migrate } from './schema/migrate.ts'
import { type UptimeStore, uptimeStore } from './uptime.ts'

const PROBE_CHARS = 50_000

/** What a transaction may touch. */
export interface Transaction {
  room(key: RoomKey): RoomWriter
  /** Keeps the feed to this transaction until it ends: what follows from a payload depends on all before it. */
  lockFeed(feedId: string): Promise<void>
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
  readonly lease: Lease
  /**
   * Runs `work` in one transaction; resolves once it is durable, rejects with StoreUnavailableError if it cannot be.
   * Works that name one lane, a room's or a feed's SID, run one after another: they would wait for each other anyway.
   */
  transact<T>(work: (transaction: Transaction) => Promise<T>, lane?: string): Promise<T>
  /** Resolves if something can be written now, else rejects with StoreUnavailableError. */
  checkWritable(): Promise<void>
  /** Lets all that waits for the database fail, and all that comes: for who is about to end, and may not wait long. */
  giveUp(): void
  close(): Promise<void>
}

/** The store over an engine, its schema brought up to date. Throws a sentence where it cannot be, or must not be used. */
export async function createStore(database: Database): Promise<Store> {
  // Before, so that nothing is made where it must not be; and after, of what was made.
  await refuseProblem(database)
  await migrate(database)
  await refuseProblem(database)
  return {
    accounts: accountStore(database),
    feeds: feedStore(database),
    deliveries: deliveryStore(database),
    records: recordStore(database.reader),
    evidence: evidenceStore(database.reader),
    open: openStays(database.reader),
    uptime: uptimeStore(database),
    lease: database.lease,
    transact: (work, lane) =>
      database.transact(async connection => {
        const { transaction, finish } = transactionOver(connection)
        const value = await work(transaction)
        await finish()
        return value
      }, lane),
    checkWritable: () => database.transact(writeAndTakeBack),
    giveUp: () => database.giveUp(),
    close: () => database.close(),
  }
}

async function refuseProblem(database: Database): Promise<void> {
  const problem = await database.problem()
  if (problem !== undefined) throw new Error(problem)
}

function transactionOver(connection: Connection): { transaction: Transaction; finish: () => Promise<void> } {
  const locks = roomLocks(connection)
  const isKnownPayload: Transaction['isKnownPayload'] = async (accountSid, feedId, payloadKey) => {
    const counted = await connection.run(
      `update feed_payloads set duplicates = duplicates + 1
       where account_sid = ? and feed_id = ? and payload_key = ?`,
      [accountSid, feedId, payloadKey],
    )
    return counted > 0
  }
  const transaction: Transaction = {
    room: key => roomWriter(connection, locks, key),
    lockFeed: feedId => lockFeed(connection, feedId),
    memory: (accountSid, feedId) => feedMemory(connection, accountSid, feedId),
    isKnownPayload,
    async keepPayload({ accountSid, feedId, payloadKey, receivedAtMs, reason, native }) {
      if (await isKnownPayload(accountSid, feedId, payloadKey)) return false
      const [last] = await connection.all<{ seq: number | null }>(
        'select max(seq) seq from feed_payloads where account_sid = ? and feed_id = ?',
        [accountSid, feedId],
      )
      const added = await connection.run(
        `insert into feed_payloads (account_sid, feed_id, payload_key, seq, received_at_ms, reason, native)
         values (?, ?, ?, ?, ?, ?, ?) on conflict (account_sid, feed_id, payload_key) do nothing`,
        [accountSid, feedId, payloadKey, (last?.seq ?? 0) + 1, receivedAtMs, reason, native],
      )
      // Another process kept it in the meantime.
      if (added === 0) await isKnownPayload(accountSid, feedId, payloadKey)
      return added > 0
    },
  }
  return { transaction, finish: locks.finish }
}

/** As much as a delivery takes: a database that is full may still have room for less. */
async function writeAndTakeBack(connection: Connection): Promise<void> {
  const deliveryId = randomUUID()
  await connection.run(
    `insert into deliveries (delivery_id, received_at_ms, feed_kind, http_status, outcome, detail, events, duplicates)
     values (?, 0, '', 0, '', ?, 0, 0)`,
    [deliveryId, 'x'.repeat(PROBE_CHARS)],
  )
  await connection.run('delete from deliveries where delivery_id = ?', [deliveryId])
}

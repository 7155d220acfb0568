import { randomUUID } from 'node:crypto'
import { type AccountStore, accountStore } from './accounts.ts'
import type { Connection, Database, Lease } from './engine/database.ts'
import { type DeliveryStore, deliveryStore } from './feeds/deliveries.ts'
import { type FeedKey, type FeedLog, feedLog } from './feeds/feed-log.ts'
import { type FeedStore, feedStore } from './feeds/feeds.ts'
import { type LockedFeed, lockFeed } from './feeds/lock-feed.ts'
import { type PayloadStore, payloadStore } from './feeds/payloads.ts'
import { type EvidenceStore, evidenceStore } from './rooms/evidence.ts'
import { roomLocks } from './rooms/lock-room.ts'
import type { LockedRoom } from './rooms/locked-room.ts'
import { type OpenStays, openStays } from './rooms/open-stays.ts'
import { type RecordStore, recordStore } from './rooms/records.ts'
import type { RoomKey } from './rooms/room-key.ts'
import { migrate } from './schema/migrate.ts'
import { type UptimeStore, uptimeStore } from './uptime.ts'

const PROBE_CHARS = 50_000

/** What a transaction may do. Who locks feeds and rooms locks the feeds first, each in the order of their ids. */
export interface Transaction {
  /** Waits until no other transaction has the room, and keeps it until this one ends. */
  lockRoom(key: RoomKey): Promise<LockedRoom>
  /** Waits until no other transaction has the feed, and keeps it until this one ends; reserves places in its log. */
  lockFeed(key: FeedKey, payloads: number): Promise<LockedFeed>
  /** The log of a feed that need not be locked: what its payloads lead to does not depend on their order. */
  feedLog(key: FeedKey): FeedLog
}

/** Everything Rollcall keeps. Times are unix milliseconds; expected absence is undefined. */
export interface Store {
  readonly accounts: AccountStore
  readonly feeds: FeedStore
  readonly deliveries: DeliveryStore
  readonly payloads: PayloadStore
  readonly records: RecordStore
  readonly evidence: EvidenceStore
  readonly open: OpenStays
  readonly uptime: UptimeStore
  readonly lease: Lease
  /** See Database. */
  readonly deliveriesACommit: number
  readonly hasOneWriter: boolean
  /**
   * Runs `work` in one transaction; resolves once it is durable, rejects with StoreUnavailableError if it cannot be.
   * Works that name one lane, a room's or a feed's id, run one after another: they would wait for each other anyway.
   */
  transact<T>(work: (transaction: Transaction) => Promise<T>, lane?: string): Promise<T>
  /** Resolves if something can be written, else rejects with StoreUnavailableError. */
  checkWritable(): Promise<void>
  /** Lets everything that waits for the database fail, now and from now on: for a process that must end soon. */
  giveUp(): void
  close(): Promise<void>
}

/** The store over an engine, its schema brought up to date. Throws a sentence where it cannot be, or must not be used. */
export async function createStore(database: Database): Promise<Store> {
  // Before the migration, so that nothing is made where it must not be; and after it, of what it made.
  await refuseProblem(database)
  await migrate(database)
  await refuseProblem(database)
  const { reader, deliveriesACommit, hasOneWriter, lease } = database
  return {
    accounts: accountStore(database),
    feeds: feedStore(database),
    deliveries: deliveryStore(database),
    payloads: payloadStore(reader),
    records: recordStore(reader),
    evidence: evidenceStore(reader),
    open: openStays(reader),
    uptime: uptimeStore(database),
    ...{ lease, deliveriesACommit, hasOneWriter },
    transact: (work, lane) =>
      database.transact(async connection => {
        const rooms = roomLocks(connection)
        const value = await work({
          lockRoom: rooms.lock,
          lockFeed: (key, payloads) => lockFeed(connection, key, payloads),
          feedLog: key => feedLog(connection, key),
        })
        await rooms.finish()
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

/** Writes as much as a delivery takes: a database that is full may still have room for less. */
async function writeAndTakeBack(connection: Connection): Promise<void> {
  const deliveryId = randomUUID()
  await connection.run(
    `insert into deliveries (delivery_id, received_at_ms, feed_kind, http_status, outcome, detail, events, duplicates)
     values (?, 0, '', 0, '', ?, 0, 0)`,
    [deliveryId, 'x'.repeat(PROBE_CHARS)],
  )
  await connection.run('delete from deliveries where delivery_id = ?', [deliveryId])
}

import { randomBytes, randomUUID } from 'node:crypto'
import { type AccountStore, accountStore } from './accounts.ts'
import type { Connection, Database, Lease } from './engine/database.ts'
import { type DeliveryStore, deliveryStore } from './feeds/deliveries.ts'
import { type FeedKey, type FeedLog, feedLog } from './feeds/feed-log.ts'
import { type FeedStore, feedStore } from './feeds/feeds.ts'
import { type ListedRoomStore, listedRoomStore } from './feeds/listed-rooms.ts'
import { type LockedFeed, lockFeed } from './feeds/lock-feed.ts'
import { type PayloadStore, payloadStore } from './feeds/payloads.ts'
import { type EvidenceStore, evidenceStore } from './rooms/evidence.ts'
import { roomLocks } from './rooms/lock-room.ts'
import type { LockedRoom } from './rooms/locked-room.ts'
import { type OpenStays, openStays } from './rooms/open-stays.ts'
import { type RecordStore, recordStore } from './rooms/records.ts'
import type { RoomKey } from './rooms/room-key.ts'
import { spreadingProblem } from './schema/citus.ts'
import { migrate } from './schema/migrate.ts'
import { type UptimeStore, uptimeStore } from './uptime.ts'

/** They are 50,000 characters of base64. */
const PROBE_BYTES = 37_500

/** What a transaction may do. It locks feeds before rooms, and each in the order of their ids, to avoid deadlocks. */
export interface Transaction {
  /** Waits until no other transaction has locked the room, and locks it until this transaction ends. */
  lockRoom(key: RoomKey): Promise<LockedRoom>
  /** Locks the feed in the same way, and reserves so many places in its log. */
  lockFeed(key: FeedKey, payloads: number): Promise<LockedFeed>
  /** The log of a feed without memory. It needs no lock, since the order of its payloads does not matter. */
  feedLog(key: FeedKey): FeedLog
}

/** All data of Rollcall. Times are unix milliseconds; a search that finds nothing gives undefined. */
export interface Store {
  readonly accounts: AccountStore
  readonly feeds: FeedStore
  readonly deliveries: DeliveryStore
  readonly payloads: PayloadStore
  readonly records: RecordStore
  readonly evidence: EvidenceStore
  readonly open: OpenStays
  readonly listed: ListedRoomStore
  readonly uptime: UptimeStore
  readonly lease: Lease
  /** As in Database. */
  readonly deliveriesACommit: number
  readonly hasOneWriter: boolean
  /**
   * Runs `work` in one transaction. Resolves once it is durable, and rejects with StoreUnavailableError if nothing can
   * be stored now. Works of one lane, which is the id of a room or a feed, run one after another instead of waiting for
   * each other's locks.
   */
  transact<T>(work: (transaction: Transaction) => Promise<T>, lane?: string): Promise<T>
  /** Resolves if the database can be written, else rejects with StoreUnavailableError. */
  checkWritable(): Promise<void>
  /** A sentence that says that only some tables are distributed over Citus, and what to do; undefined if all is well. */
  spreadingProblem(): Promise<string | undefined>
  /** Makes everything that waits for the database fail, now and later. For a process that must end soon. */
  giveUp(): void
  close(): Promise<void>
}

/**
 * The store over a database, whose schema is migrated first, or prepared as `prepare` does it. Throws an error whose
 * message is a sentence if the database cannot be migrated, or must not be used (see `problem` of Database, and
 * `spreadingProblem`).
 */
export async function createStore(
  database: Database,
  prepare: (database: Database) => Promise<unknown> = migrate,
): Promise<Store> {
  // Checked before the migration, so that a wrong database is not changed, and again with the tables that it made.
  await refuseProblem(database)
  await prepare(database)
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
    listed: listedRoomStore(database),
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
    spreadingProblem: () => spreadingProblem(database),
    giveUp: () => database.giveUp(),
    close: () => database.close(),
  }
}

async function refuseProblem(database: Database): Promise<void> {
  const problem = (await database.problem()) ?? (await spreadingProblem(database))
  if (problem !== undefined) throw new Error(problem)
}

/**
 * Writes as many bytes as a large delivery does, since a full disk may still have room for fewer, and deletes them
 * again. They are random, because PostgreSQL compresses a long text of a row (its documentation, 66.2, "TOAST").
 */
async function writeAndTakeBack(connection: Connection): Promise<void> {
  const deliveryId = randomUUID()
  await connection.run(
    `insert into deliveries (delivery_id, received_at_ms, feed_kind, http_status, outcome, detail, events, duplicates)
     values (?, 0, '', 0, '', ?, 0, 0)`,
    [deliveryId, randomBytes(PROBE_BYTES).toString('base64')],
  )
  await connection.run('delete from deliveries where delivery_id = ?', [deliveryId])
}

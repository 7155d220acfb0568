import type { Connection, Database } from '../engine/database.ts'

/** One delivery to a feed, and its outcome. It does not contain the body. */
export interface LoggedDelivery {
  readonly deliveryId: string
  readonly receivedAtMs: number
  readonly feedKind: string
  readonly feedId: string | null
  readonly accountSid: string | null
  readonly httpStatus: number
  readonly outcome: string
  readonly detail: string
  readonly events: number
  readonly duplicates: number
}

/** The log of deliveries to all feeds. */
export interface DeliveryStore {
  /** Adds deliveries. */
  add(deliveries: readonly LoggedDelivery[]): Promise<void>
  /** Removes all but the last `keep` deliveries that were authentic and the last `keep` that were not. */
  trim(keep: number): Promise<void>
  /** The last `count` deliveries that were authentic and the last `count` that were not, oldest first. */
  last(count: number): Promise<LoggedDelivery[]>
}

const DELIVERY = `select delivery_id "deliveryId", received_at_ms "receivedAtMs", feed_kind "feedKind",
  feed_id "feedId", account_sid "accountSid", http_status "httpStatus", outcome, detail, events, duplicates
  from deliveries`

/** Authentic deliveries, which have a feed, and others. */
const SORTS = ['feed_id is not null', 'feed_id is null']

const REMOVED_A_COMMIT = 1_000

export function deliveryStore(database: Database): DeliveryStore {
  return {
    add: deliveries =>
      database.transact(async connection => {
        for (const d of deliveries) {
          await connection.run(
            `insert into deliveries (delivery_id, received_at_ms, feed_kind, feed_id, account_sid, http_status,
               outcome, detail, events, duplicates) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            [
              ...[d.deliveryId, d.receivedAtMs, d.feedKind, d.feedId, d.accountSid, d.httpStatus],
              ...[d.outcome, d.detail, d.events, d.duplicates],
            ],
          )
        }
      }),
    async trim(keep) {
      for (const sort of SORTS) {
        const removeSome = (connection: Connection) =>
          connection.run(
            `delete from deliveries where delivery_id in
               (select delivery_id from deliveries where ${sort} order by delivery_id desc limit ? offset ?)`,
            [REMOVED_A_COMMIT, keep],
          )
        while ((await database.transact(removeSome)) === REMOVED_A_COMMIT);
      }
    },
    async last(count) {
      const lists = SORTS.map(sort =>
        database.reader.all<LoggedDelivery>(`${DELIVERY} where ${sort} order by delivery_id desc limit ?`, [
          count,
        ]),
      )
      const rows = (await Promise.all(lists)).flat()
      return rows.sort((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1))
    },
  }
}

import type { Database } from './database.ts'

/** A feed as it is kept: one source of events of one account. */
export interface FeedRow {
  readonly feedId: string
  readonly accountSid: string
  readonly kind: string
  /** What a delivery is found by: a LiveKit API key, a Twilio account SID, the hash of a feed key. */
  readonly authKey: string
  /** What a delivery is verified with; empty where the key itself is the proof. */
  readonly secret: string
  readonly createdAtMs: number
}

/** One delivery to a feed and what became of it. Holds nothing of its body. */
export interface Delivery {
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

/** Feeds, and the log of what was delivered to them. */
export interface FeedStore {
  list(): Promise<FeedRow[]>
  find(kind: string, authKey: string): Promise<FeedRow | undefined>
  /** Adds the feed, or gives a known one this key and secret. */
  put(feed: FeedRow): Promise<void>
  remove(feedId: string): Promise<boolean>
  /** Adds to the log; keeps the last `keep` of what was authentic and the last `keep` of what was not. */
  log(deliveries: readonly Delivery[], keep: number): Promise<void>
  /** The last deliveries, oldest first. */
  lastDeliveries(count: number): Promise<Delivery[]>
}

const FEED = `select feed_id "feedId", account_sid "accountSid", kind, auth_key "authKey", secret,
  created_at_ms "createdAtMs" from feeds`
const DELIVERY = `select delivery_id "deliveryId", received_at_ms "receivedAtMs", feed_kind "feedKind",
  feed_id "feedId", account_sid "accountSid", http_status "httpStatus", outcome, detail, events, duplicates
  from deliveries`

export function feedStore(database: Database): FeedStore {
  const { reader } = database
  return {
    list: () => reader.all<FeedRow>(`${FEED} order by created_at_ms, feed_id`),
    async find(kind, authKey) {
      return (await reader.all<FeedRow>(`${FEED} where kind = ? and auth_key = ?`, [kind, authKey]))[0]
    },
    put: ({ feedId, accountSid, kind, authKey, secret, createdAtMs }) =>
      database.transact(async connection => {
        await connection.run(
          `insert into feeds (feed_id, account_sid, kind, auth_key, secret, created_at_ms)
           values (?, ?, ?, ?, ?, ?)
           on conflict (feed_id) do update set auth_key = excluded.auth_key, secret = excluded.secret`,
          [feedId, accountSid, kind, authKey, secret, createdAtMs],
        )
      }),
    remove: feedId =>
      database.transact(
        async connection => (await connection.run('delete from feeds where feed_id = ?', [feedId])) > 0,
      ),
    log: (deliveries, keep) =>
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
        for (const known of ['is not null', 'is null']) {
          await connection.run(
            `delete from deliveries where feed_id ${known} and delivery_id < (select min(delivery_id) from
               (select delivery_id from deliveries where feed_id ${known} order by delivery_id desc limit ?) kept)`,
            [keep],
          )
        }
      }),
    async lastDeliveries(count) {
      const rows = await reader.all<Delivery>(`${DELIVERY} order by delivery_id desc limit ?`, [count])
      return rows.reverse()
    },
  }
}

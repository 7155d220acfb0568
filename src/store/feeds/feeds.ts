import type { Connection, Database } from '../engine/database.ts'

/** A feed as it is stored: one source of events of one account. */
export interface FeedRow {
  readonly feedId: string
  readonly accountSid: string
  readonly kind: string
  /** The key by which a delivery's feed is found: a LiveKit API key, a Twilio account SID, the hash of a feed key. */
  readonly authKey: string
  /** The secret with which a delivery is verified; empty if the key itself is the proof. */
  readonly secret: string
  readonly createdAtMs: number
  /** The URL of the media server whose list is read; missing if none is. */
  readonly url?: string | undefined
}

/** The feeds. A search that finds nothing gives undefined; a removal says whether it found a row. */
export interface FeedStore {
  list(): Promise<FeedRow[]>
  find(kind: string, authKey: string): Promise<FeedRow | undefined>
  /** Adds the feed, or gives the feed with this id another key, secret and URL. */
  put(feed: FeedRow): Promise<void>
  remove(feedId: string): Promise<boolean>
}

const FEED = `select feed_id "feedId", account_sid "accountSid", kind, auth_key "authKey", secret,
  created_at_ms "createdAtMs", url from feeds`

type StoredFeed = Omit<FeedRow, 'url'> & { readonly url: string | null }

export function feedStore(database: Database): FeedStore {
  const { reader } = database
  return {
    list: async () => (await reader.all<StoredFeed>(`${FEED} order by created_at_ms, feed_id`)).map(feedRow),
    async find(kind, authKey) {
      const rows = await database.lookup.all<StoredFeed>(`${FEED} where kind = ? and auth_key = ?`, [
        kind,
        authKey,
      ])
      return rows.map(feedRow)[0]
    },
    put: ({ feedId, accountSid, kind, authKey, secret, createdAtMs, url }) =>
      database.transact(async connection => {
        await connection.run(
          `insert into feeds (feed_id, account_sid, kind, auth_key, secret, created_at_ms, url)
           values (?, ?, ?, ?, ?, ?, ?)
           on conflict (feed_id) do update set auth_key = excluded.auth_key, secret = excluded.secret,
             url = excluded.url`,
          [feedId, accountSid, kind, authKey, secret, createdAtMs, url ?? null],
        )
      }),
    remove: feedId => database.transact(connection => removeFeed(connection, feedId)),
  }
}

/** Removes a feed and what the list of its media server had; false if there is none. Its history stays. */
export async function removeFeed(connection: Connection, feedId: string): Promise<boolean> {
  await connection.run('delete from listed_rooms where feed_id = ?', [feedId])
  return (await connection.run('delete from feeds where feed_id = ?', [feedId])) > 0
}

function feedRow({ url, ...row }: StoredFeed): FeedRow {
  return url === null ? row : { ...row, url }
}

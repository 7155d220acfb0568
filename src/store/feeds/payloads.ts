import type { Connection } from '../engine/database.ts'
import { type FeedKey, type LogPlace, payloadsAfter, type StoredPayload } from './feed-log.ts'

/** Reads the logs of feeds, in pages. */
export interface PayloadStore {
  /** A page of the feeds that have a log, by account and id, after a feed or from the start. The kind may be empty. */
  feeds(after?: FeedKey): Promise<(FeedKey & { readonly feedKind: string })[]>
  /** The payloads of a feed after a position in its log, in order; at most PAYLOADS_AT_ONCE. */
  after(feed: FeedKey, place: LogPlace): Promise<StoredPayload[]>
  /** True if an entry of the feed's memory is due. */
  hasDue(feed: FeedKey, nowMs: number): Promise<boolean>
}

const FEEDS_AT_ONCE = 100

export function payloadStore(reader: Connection): PayloadStore {
  return {
    feeds: (after = { accountSid: '', feedId: '' }) =>
      reader.all(
        `select account_sid "accountSid", feed_id "feedId", max(feed_kind) "feedKind" from feed_payloads
         where (account_sid, feed_id) > (?, ?) group by account_sid, feed_id order by account_sid, feed_id limit ?`,
        [after.accountSid, after.feedId, FEEDS_AT_ONCE],
      ),
    after: (feed, place) => payloadsAfter(reader, feed, place),
    async hasDue({ accountSid, feedId }, nowMs) {
      const rows = await reader.all(
        'select 1 from feed_memory where account_sid = ? and feed_id = ? and due_ms <= ? limit 1',
        [accountSid, feedId, nowMs],
      )
      return rows.length > 0
    },
  }
}

import type { Connection } from '../engine/database.ts'
import type { FeedKey, StoredPayload } from './feed-log.ts'

/** Reads the logs of feeds, in pages. */
export interface PayloadStore {
  /** The feeds that have a log, by account and id, with the kind that it names; the first after one, or of all. */
  feeds(after?: FeedKey): Promise<(FeedKey & { readonly feedKind: string })[]>
  /** The payloads of a feed after a place in its log, in order; as many as are read at once. */
  after(feed: FeedKey, place: { readonly seq: number; readonly key: string }): Promise<StoredPayload[]>
  /** True if an entry of the feed's memory is due. */
  hasDue(feed: FeedKey, nowMs: number): Promise<boolean>
}

const FEEDS_AT_ONCE = 100
/** The most payloads that `after` gives. */
export const PAYLOADS_AT_ONCE = 500

export function payloadStore(reader: Connection): PayloadStore {
  return {
    feeds: (after = { accountSid: '', feedId: '' }) =>
      reader.all(
        `select account_sid "accountSid", feed_id "feedId", max(feed_kind) "feedKind" from feed_payloads
         where (account_sid, feed_id) > (?, ?) group by account_sid, feed_id order by account_sid, feed_id limit ?`,
        [after.accountSid, after.feedId, FEEDS_AT_ONCE],
      ),
    async after({ accountSid, feedId }, { seq, key }) {
      const rows = await reader.all<Omit<StoredPayload, 'isReducible'>>(
        `select payload_key "key", seq, feed_kind "feedKind", received_at_ms "receivedAtMs", reason, native
         from feed_payloads where account_sid = ? and feed_id = ? and (seq, payload_key) > (?, ?)
         order by seq, payload_key limit ?`,
        [accountSid, feedId, seq, key, PAYLOADS_AT_ONCE],
      )
      // Schema 4 is the first that notes the kind.
      return rows.map(row => ({ ...row, isReducible: row.feedKind !== '' }))
    },
    async hasDue({ accountSid, feedId }, nowMs) {
      const rows = await reader.all(
        'select 1 from feed_memory where account_sid = ? and feed_id = ? and due_ms <= ? limit 1',
        [accountSid, feedId, nowMs],
      )
      return rows.length > 0
    },
  }
}

import type { Connection } from '../engine/database.ts'
import { indexable } from '../indexable.ts'

/** One feed of one account. */
export interface FeedKey {
  readonly accountSid: string
  readonly feedId: string
}

/** A payload that is to be stored in the log of its feed. */
export interface KeptPayload {
  readonly key: string
  /** Its place in the log. The payloads of a feed with memory are numbered in the order in which they came. */
  readonly seq: number
  readonly feedKind: string
  readonly receivedAtMs: number
  /** Why it led to no event; empty if it led to events. */
  readonly reason: string
  /** The payload as JSON, without secrets. */
  readonly native: string
  /** The event under whose key it came with another content, if it did. It is evidence of that event alone. */
  readonly otherOf?: { readonly roomSid: string; readonly eventKey: string }
}

/** A payload in the log of its feed. */
export interface StoredPayload extends Omit<KeptPayload, 'otherOf'> {
  /** True if it came under the key of a known event with another content. */
  readonly isOther: boolean
  /** False if it was stored by schema 3 or before: it may lack members that `reduce` needs. */
  readonly isReducible: boolean
}

/** A position in the log of a feed. A claim has the `seq` of the payload that made it, and a key of its own. */
export interface LogPlace {
  readonly seq: number
  readonly key: string
}

/** The beginning of the key of a claim: a row of the log that says which SID a payload gave out. */
export const CLAIM = 'claim|'

/** The log of the payloads of a feed that are not stored beside an event. */
export interface FeedLog {
  /** The payloads after a position, in order; at most PAYLOADS_AT_ONCE. */
  after(place: LogPlace): Promise<StoredPayload[]>
  /** The place after the last one. Without a lock of the feed, two transactions may get the same place. */
  nextSeq(): Promise<number>
  /** Stores a payload. Resolves to false if the log already has its key; then only the duplicate is counted. */
  keep(payload: KeptPayload): Promise<boolean>
  /** Stores why a payload in the log led to no event. */
  setReason(payloadKey: string, reason: string): Promise<void>
  remove(payloadKey: string): Promise<void>
}

/** The log of a feed, in the transaction that the connection is in. */
export function feedLog(connection: Connection, { accountSid, feedId }: FeedKey): FeedLog {
  const feed = [accountSid, feedId]
  return {
    after: place => payloadsAfter(connection, { accountSid, feedId }, place),
    async nextSeq() {
      const [last] = await connection.all<{ seq: number | null }>(
        'select max(seq) seq from feed_payloads where account_sid = ? and feed_id = ?',
        feed,
      )
      return (last?.seq ?? 0) + 1
    },
    async keep({ key, seq, feedKind, receivedAtMs, reason, native, otherOf }) {
      const other = [otherOf?.roomSid ?? null, otherOf === undefined ? null : indexable(otherOf.eventKey)]
      const [row] = await connection.all<{ duplicates: number }>(
        `insert into feed_payloads (account_sid, feed_id, payload_key, seq, feed_kind, received_at_ms, reason, native,
           other_room_sid, other_event_key)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (account_sid, feed_id, payload_key) do update set
           duplicates = feed_payloads.duplicates + 1
         returning duplicates`,
        [...feed, indexable(key), seq, feedKind, receivedAtMs, reason, native, ...other],
      )
      return row?.duplicates === 0
    },
    async setReason(payloadKey, reason) {
      await connection.run(
        'update feed_payloads set reason = ? where account_sid = ? and feed_id = ? and payload_key = ?',
        [reason, ...feed, indexable(payloadKey)],
      )
    },
    async remove(payloadKey) {
      await connection.run(
        'delete from feed_payloads where account_sid = ? and feed_id = ? and payload_key = ?',
        [...feed, indexable(payloadKey)],
      )
    },
  }
}

/** How many payloads are read at once, at most. */
export const PAYLOADS_AT_ONCE = 500

/** The payloads of a feed after a position in its log, in order; at most PAYLOADS_AT_ONCE. */
export async function payloadsAfter(
  connection: Connection,
  { accountSid, feedId }: FeedKey,
  { seq, key }: LogPlace,
): Promise<StoredPayload[]> {
  const rows = await connection.all<
    Omit<StoredPayload, 'isReducible' | 'isOther'> & { other: string | null }
  >(
    `select payload_key "key", seq, feed_kind "feedKind", received_at_ms "receivedAtMs", reason, native,
       other_room_sid "other" from feed_payloads where account_sid = ? and feed_id = ? and (seq, payload_key) > (?, ?)
     order by seq, payload_key limit ?`,
    [accountSid, feedId, seq, key, PAYLOADS_AT_ONCE],
  )
  // Rows of schema 3 and before have no kind.
  return rows.map(({ other, ...row }) => {
    return { ...row, isReducible: row.feedKind !== '', isOther: other !== null }
  })
}

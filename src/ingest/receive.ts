import type { Delivery, Feed } from '../feeds/feed.ts'
import { JunkError, UnauthenticError } from '../feeds/feed-errors.ts'
import { StoreUnavailableError } from '../store/engine/database.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'
import type { Store } from '../store/store.ts'
import { wellFormed } from '../well-formed.ts'
import { type ApplyQueue, FAULT } from './apply-queue.ts'
import { sourceOf } from './reduce-payloads.ts'

/** What became of a delivery; `detail` is a sentence for people and holds no secret. */
export interface Outcome {
  readonly outcome: 'stored' | 'unauthentic' | 'junk' | 'unavailable' | 'failed'
  readonly detail: string
  readonly feed: FeedRow | undefined
  readonly events: number
  readonly duplicates: number
}

/** What receiving a delivery needs. */
export interface Receiver {
  readonly store: Store
  readonly queue: ApplyQueue
  /** Feeds that the settings name; they come before those of the store. */
  readonly configuredFeeds: readonly FeedRow[]
  readonly clock: () => number
  /** When each feed was last heard, by its id; unix milliseconds. Bounded by the number of feeds. */
  readonly heard: Map<string, number>
  /** Told of errors that are nobody's but ours. */
  readonly onFault: (error: unknown) => void
}

const MAX_DETAIL_CHARS = 300

/** Authenticates a delivery, splits it into payloads and has them applied. Resolves once what it tells is durable. */
export async function receive(receiver: Receiver, feed: Feed, delivery: Delivery): Promise<Outcome> {
  const { clock, heard, onFault, queue } = receiver
  const receivedAtMs = clock()
  let row: FeedRow | undefined
  const outcome = (
    kind: Outcome['outcome'],
    detail: string,
    counts = { added: 0, duplicates: 0 },
  ): Outcome => ({
    outcome: kind,
    detail: detail.slice(0, MAX_DETAIL_CHARS),
    feed: row,
    events: counts.added,
    duplicates: counts.duplicates,
  })

  try {
    row = await authenticFeed(receiver, feed, delivery)
    const { accountSid, feedId, kind: feedKind } = row
    const payloads = feed.payloads(delivery, sourceOf(row))
    const stored = await queue.apply({ accountSid, feedId, feedKind, receivedAtMs, payloads })
    heard.set(feedId, receivedAtMs)
    return outcome('stored', stored.detail, stored)
  } catch (error) {
    if (error instanceof UnauthenticError) return outcome('unauthentic', error.message)
    if (error instanceof JunkError) return outcome('junk', error.message)
    if (error instanceof StoreUnavailableError) return outcome('unavailable', error.message)
    onFault(error)
    return outcome('failed', FAULT)
  }
}

/** The row of the feed that this delivery proves to come from. Throws UnauthenticError. */
export async function authenticFeed(receiver: Receiver, feed: Feed, delivery: Delivery): Promise<FeedRow> {
  const authKey = wellFormed(feed.authKey(delivery))
  const rows = await findFeeds(receiver, feed.kind, authKey)
  for (const [index, row] of rows.entries()) {
    try {
      await feed.verify(delivery, row.secret, receiver.clock())
      return row
    } catch (error) {
      // The settings may name a key that the store has with another secret: both are good.
      if (!(error instanceof UnauthenticError) || index === rows.length - 1) throw error
    }
  }
  throw new UnauthenticError(unknownFeed(feed, authKey))
}

async function findFeeds(
  { store, configuredFeeds }: Receiver,
  kind: string,
  authKey: string,
): Promise<FeedRow[]> {
  const configured = configuredFeeds.filter(row => row.kind === kind && row.authKey === authKey)
  const stored = await store.feeds.find(kind, authKey)
  return stored === undefined ? configured : [...configured, stored]
}

/** The key is shown where it is no secret itself. */
function unknownFeed({ kind, keys }: Feed, authKey: string): string {
  return keys.made === 'generated'
    ? 'The feed key is unknown.'
    : `No ${kind} feed is known for ${authKey.slice(0, 64)}.`
}

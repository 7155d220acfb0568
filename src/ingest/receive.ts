import type { Delivery, Feed } from '../feeds/feed.ts'
import { JunkError, UnauthenticError } from '../feeds/feed-errors.ts'
import { StoreUnavailableError } from '../store/engine/database.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'
import type { Store } from '../store/store.ts'
import { wellFormed } from '../well-formed.ts'
import { type ApplyQueue, FAULT } from './apply-queue.ts'
import { sourceOf } from './reduce-payloads.ts'

/** What became of a delivery. `detail` is a text for people, without secrets. */
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
  /** The feeds that the settings name. They are tried before those in the store. */
  readonly configuredFeeds: readonly FeedRow[]
  readonly clock: () => number
  /** When a delivery of each feed was last stored, by the feed's id; unix milliseconds. Bounded by the feeds. */
  readonly heard: Map<string, number>
  /** Called with each error that is a fault of Rollcall. */
  readonly onFault: (error: unknown) => void
}

const MAX_DETAIL_CHARS = 300

/** Authenticates a delivery, splits it into payloads and applies them. Resolves once they are durable, or refused. */
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

/** Throws UnauthenticError if a delivery shows without its body that it is not authentic. */
export async function checkHead(receiver: Receiver, feed: Feed, head: Delivery): Promise<void> {
  const { signatureHeader } = feed
  if (signatureHeader === undefined) {
    await authenticFeed(receiver, feed, head, (...given) => feed.verifyHead?.(...given))
  } else if (head.headers[signatureHeader] === undefined) {
    throw new UnauthenticError(`The header ${signatureHeader} is missing.`)
  }
}

/**
 * The row of the feed that this delivery proves to come from, by `verify` of the feed unless another is given. Throws
 * UnauthenticError.
 */
export async function authenticFeed(
  receiver: Receiver,
  feed: Feed,
  delivery: Delivery,
  verify: (...given: Parameters<Feed['verify']>) => unknown = feed.verify,
): Promise<FeedRow> {
  const authKey = authKeyOf(feed, delivery)
  const rows = await findFeeds(receiver, feed.kind, authKey)
  for (const [index, row] of rows.entries()) {
    try {
      await verify(delivery, row.secret, receiver.clock())
      return row
    } catch (error) {
      // The settings may name a key that the store has with another secret: both secrets are accepted.
      if (!(error instanceof UnauthenticError) || index === rows.length - 1) throw error
    }
  }
  throw new UnauthenticError(unknownFeed(feed, authKey))
}

/** The form of a delivery matters only once it is authentic: one whose key cannot be read is not. */
function authKeyOf(feed: Feed, delivery: Delivery): string {
  try {
    return wellFormed(feed.authKey(delivery))
  } catch (error) {
    throw error instanceof JunkError ? new UnauthenticError(error.message) : error
  }
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

/** The message for an unknown key. It names the key unless the key is a secret. */
function unknownFeed({ kind, keys }: Feed, authKey: string): string {
  return keys.made === 'generated'
    ? 'The feed key is unknown.'
    : `No ${kind} feed is known for ${authKey.slice(0, 64)}.`
}

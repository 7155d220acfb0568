import { type Decoded, type Delivery, type Feed, JunkError, UnauthenticError } from '../feeds/feed.ts'
import type { RecordSettings } from '../fold/participant-record.ts'
import { StoreUnavailableError } from '../store/engine/database.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'
import type { Store } from '../store/store.ts'
import { wellFormed } from '../well-formed.ts'
import { isOfFuture, latestMomentOf } from './future.ts'
import { linkPayloads } from './link-payloads.ts'
import { recordEvents } from './record-events.ts'

/** What became of a delivery; `detail` is a sentence for people and holds no secret. */
export interface Outcome {
  readonly outcome: 'stored' | 'unauthentic' | 'junk' | 'unavailable' | 'failed'
  readonly detail: string
  readonly feed: FeedRow | undefined
  readonly events: number
  readonly duplicates: number
}

export interface Ingest {
  store: Store
  settings: RecordSettings
  /** Feeds that the settings name; they come before those of the store. */
  configuredFeeds: readonly FeedRow[]
  clock: () => number
  /** When each feed was last heard, by its id; unix milliseconds. */
  heard: Map<string, number>
  /** Told of errors that are nobody's but ours. */
  onFault: (error: unknown) => void
}

const MAX_DETAIL_CHARS = 300
const FAULT = 'A fault of Rollcall: its log tells more.'
/** The last moment that a Date can hold (ECMAScript, time values). */
const LAST_DATE_MS = 8.64e15

/** The spine: verify, decode, append, fold, save. Resolves once what it tells of is durable. */
export async function ingest(context: Ingest, feed: Feed, delivery: Delivery): Promise<Outcome> {
  const nowMs = context.clock()
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
    row = await authenticFeed(context, feed, delivery)
    const decoded = feed.decode(delivery, row)
    refuseFuture(decoded, nowMs)
    const counts = await saveWhole(context, feed, row, decoded, nowMs)
    context.heard.set(row.feedId, nowMs)
    return outcome('stored', describe(decoded), counts)
  } catch (error) {
    if (error instanceof UnauthenticError) return outcome('unauthentic', error.message)
    if (error instanceof JunkError) return outcome('junk', error.message)
    if (error instanceof StoreUnavailableError) return outcome('unavailable', error.message)
    context.onFault(error)
    return outcome('failed', FAULT)
  }
}

/** The settings may name a key that the store has with another secret: both are good. */
async function findFeeds(context: Ingest, kind: string, authKey: string): Promise<FeedRow[]> {
  const configured = context.configuredFeeds.filter(row => row.kind === kind && row.authKey === authKey)
  const stored = await context.store.feeds.find(kind, authKey)
  return stored === undefined ? configured : [...configured, stored]
}

/** The first whose secret signed the delivery; undefined where there is none to try. Throws what the last one says. */
function verified(
  rows: readonly FeedRow[],
  feed: Feed,
  delivery: Delivery,
  nowMs: number,
): FeedRow | undefined {
  for (const [index, row] of rows.entries()) {
    try {
      feed.verify(delivery, row.secret, nowMs)
      return row
    } catch (error) {
      if (!(error instanceof UnauthenticError) || index === rows.length - 1) throw error
    }
  }
  return undefined
}

/** The key is shown where it is no secret itself. */
function unknownFeed(feed: Feed, authKey: string): string {
  return feed.claimIsSecret === true
    ? 'The feed key is unknown.'
    : `No ${feed.kind} feed is known for ${authKey.slice(0, 64)}.`
}

/** The row of the feed that this delivery proves to come from. Throws UnauthenticError. */
export async function authenticFeed(context: Ingest, feed: Feed, delivery: Delivery): Promise<FeedRow> {
  const authKey = wellFormed(feed.claim(delivery))
  const row = verified(await findFeeds(context, feed.kind, authKey), feed, delivery, context.clock())
  if (row === undefined) throw new UnauthenticError(unknownFeed(feed, authKey))
  return row
}

function refuseFuture({ events }: Decoded, nowMs: number): void {
  for (const { event } of events) {
    const latestMs = latestMomentOf(event)
    if (isOfFuture(latestMs, nowMs)) {
      const at = latestMs > LAST_DATE_MS ? `${latestMs} ms` : new Date(latestMs).toISOString()
      throw new JunkError(`Event ${event.key} is of the future (${at}): compare the clocks of both machines.`)
    }
  }
}

/**
 * Saves all in one transaction. Where a fault of ours keeps one of many payloads from being understood, the others are
 * saved for themselves, and that one is kept: its sender would hardly send it again.
 */
async function saveWhole(context: Ingest, feed: Feed, row: FeedRow, decoded: Decoded, nowMs: number) {
  try {
    return await save(context, feed, row, decoded, nowMs)
  } catch (error) {
    if (error instanceof StoreUnavailableError || decoded.payloads === undefined) throw error
    context.onFault(error)
  }
  const counts = { added: 0, duplicates: 0 }
  for (const payload of decoded.payloads) {
    try {
      const { added, duplicates } = await save(
        context,
        feed,
        row,
        { events: [], kept: [], payloads: [payload] },
        nowMs,
      )
      counts.added += added
      counts.duplicates += duplicates
    } catch (error) {
      const { payloadKey, native } = payload
      if (error instanceof StoreUnavailableError) throw error
      if (native === undefined) continue
      await save(context, feed, row, { events: [], kept: [{ payloadKey, reason: FAULT, native }] }, nowMs)
    }
  }
  return counts
}

async function save(context: Ingest, feed: Feed, row: FeedRow, decoded: Decoded, nowMs: number) {
  const { accountSid, feedId, kind: feedKind } = row
  return await context.store.transact(
    async transaction => {
      let keptTwice = 0
      if (decoded.payloads !== undefined) await transaction.lockFeed(feedId)
      for (const payload of byKey(decoded.kept)) {
        const isNew = await transaction.keepPayload({ accountSid, feedId, receivedAtMs: nowMs, ...payload })
        if (!isNew) keptTwice++
      }
      const heard = { accountSid, feedId, feedKind, receivedAtMs: nowMs }
      const stated = await recordEvents(transaction, { ...heard, events: decoded.events }, context.settings)
      const linked = await linkPayloads(transaction, feed, heard, decoded.payloads ?? [], context.settings)
      return {
        added: stated.added + linked.added,
        duplicates: stated.duplicates + linked.duplicates + keptTwice,
      }
    },
    laneOf(decoded, feedId),
  )
}

/** In one order for all, so that two processes never wait for each other's payload. */
function byKey(kept: Decoded['kept']): Decoded['kept'] {
  return kept.toSorted((a, b) => (a.payloadKey < b.payloadKey ? -1 : 1))
}

/** What the delivery will have to wait for: its feed where what was before it counts, else its room if it is one. */
function laneOf({ payloads, events }: Decoded, feedId: string): string | undefined {
  if (payloads !== undefined) return feedId
  const [roomSid, ...others] = new Set(events.map(({ event }) => event.roomSid))
  return others.length === 0 ? roomSid : undefined
}

function describe(decoded: Decoded): string {
  const kinds = decoded.events.map(({ event }) => event.kind)
  const reasons = decoded.kept.map(({ reason }) => reason)
  const { length } = decoded.payloads ?? []
  if (length > 0) return `${length} ${length === 1 ? 'payload' : 'payloads'}`
  return [...new Set([...kinds, ...reasons])].join(', ') || 'nothing'
}

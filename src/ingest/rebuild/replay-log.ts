import type { Claim, Feed } from '../../feeds/feed.ts'
import { StoreUnavailableError } from '../../store/engine/database.ts'
import {
  CLAIM,
  type FeedKey,
  type LogPlace,
  PAYLOADS_AT_ONCE,
  type StoredPayload,
} from '../../store/feeds/feed-log.ts'
import type { Store } from '../../store/store.ts'
import { applyTogether } from '../apply.ts'
import type { Pending } from '../incoming.ts'
import { keptClaim, wasOfFuture } from '../reduce-payloads.ts'
import { storedPayload } from './reduce-again.ts'
import { type GivenSids, replayedSource } from './replayed-source.ts'

/** The keys of all entries of a memory lie between these. */
const ALL_KEYS = ['', '~'] as const

/**
 * Reduces the log of a feed with memory again, from its beginning, into the scratch store. Then replaces the memory of
 * the feed with the memory that this gave, so that later payloads are reduced with it. Resolves to the last place in
 * the log that was reduced. Locks the feed for the last page only: before that, the feed can receive deliveries.
 */
export async function replayLog(options: {
  store: Store
  scratch: Store
  feed: Feed
  key: FeedKey
  stop: AbortSignal
}): Promise<number> {
  const { store, scratch, feed, key, stop } = options
  const given: GivenSids = new Map()
  let place: LogPlace = { seq: 0, key: '' }
  for (;;) {
    const page = await store.payloads.after(key, place)
    if (page.length < PAYLOADS_AT_ONCE || stop.aborted) break
    place = await replay(scratch, feed, key, withoutLastGroup(page), given)
  }
  if (stop.aborted) return 0
  await store.transact(async transaction => {
    const locked = await transaction.lockFeed(key, 0)
    for (;;) {
      const page = await locked.log.after(place)
      if (page.length === 0) break
      const isLast = page.length < PAYLOADS_AT_ONCE
      place = await replay(scratch, feed, key, isLast ? page : withoutLastGroup(page), given)
    }
    const before = await locked.memory.range(...ALL_KEYS)
    const isTransient = (name: string) =>
      feed.transientMemory?.some(kind => name.startsWith(`${kind}|`)) === true
    await locked.memory.remove(before.map(row => row.key).filter(name => !isTransient(name)))
    const after = await scratch.transact(async copy =>
      (await copy.lockFeed(key, 0)).memory.range(...ALL_KEYS),
    )
    await locked.memory.write(after.filter(row => !isTransient(row.key)))
    for (const [roomSid, { instance, firstGivenBy }] of given) {
      if (firstGivenBy !== undefined) await locked.log.keep(keptClaim({ roomSid, instance }, firstGivenBy))
    }
  }, key.feedId)
  return place.seq
}

/** The page without its last payload, whose claims follow it in the log and may go on in the next page. */
function withoutLastGroup(page: readonly StoredPayload[]): readonly StoredPayload[] {
  const lastPayload = page.findLastIndex(({ key }) => !key.startsWith(CLAIM))
  const seq = page[lastPayload]?.seq
  const first = page.findIndex(row => row.seq === seq)
  return first > 0 ? page.slice(0, first) : page
}

async function replay(
  scratch: Store,
  feed: Feed,
  key: FeedKey,
  page: readonly StoredPayload[],
  given: GivenSids,
): Promise<LogPlace> {
  const payloads = withClaims(page)
  const apply = (some: readonly Replaying[]) =>
    scratch.transact(transaction => {
      const deliveries = some.map(one => replayed(feed, key, one, given))
      return applyTogether(transaction, deliveries, async () => {})
    })
  try {
    await apply(payloads)
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error
    for (const one of payloads) await apply([one]).catch(leaveOut)
  }
  const last = page.at(-1)
  return { seq: last?.seq ?? 0, key: last?.key ?? '' }
}

/** A payload that is reduced again, and the claims of the SIDs that it gave out. */
interface Replaying {
  readonly stored: StoredPayload
  readonly claims: readonly Claim[]
}

function replayed(feed: Feed, key: FeedKey, { stored, claims }: Replaying, given: GivenSids): Pending {
  const { seq, receivedAtMs, isReducible, native } = stored
  const payloads = [storedPayload(stored.key, native)]
  const incoming = { ...key, feedKind: feed.kind, receivedAtMs, payloads }
  return {
    incoming,
    feed: isReducible ? feed : onlyRemembering(feed),
    reduced: undefined,
    applied: { added: 0, duplicates: 0 },
    replayed: { seq, source: replayedSource(key, stored, claims, given) },
  }
}

/** Ignores the error of a payload that cannot be reduced: it leads to no events. Throws if the store failed. */
function leaveOut(error: unknown): void {
  if (error instanceof StoreUnavailableError) throw error
}

/** The payloads of a page that are to be reduced, each with its claims. */
function withClaims(page: readonly StoredPayload[]): Replaying[] {
  const bySeq = new Map<number, Claim[]>()
  const found: Replaying[] = []
  for (const stored of page.filter(({ key, isOther }) => !key.startsWith(CLAIM) && !isOther)) {
    const claims: Claim[] = []
    bySeq.set(stored.seq, claims)
    if (!wasOfFuture(stored)) found.push({ stored, claims })
  }
  let last: Claim[] | undefined
  for (const row of page) {
    last = bySeq.get(row.seq) ?? last
    if (row.key.startsWith(CLAIM)) last?.push(claimOf(row))
  }
  return found
}

function claimOf({ native }: StoredPayload): Claim {
  const { claim: instance, roomSid } = JSON.parse(native)
  return { instance, roomSid }
}

/** The feed, whose `reduce` changes its memory but gives no events: those of an incomplete payload stay as they are. */
function onlyRemembering(feed: Feed): Feed {
  return {
    ...feed,
    async reduce(payload, memory, source) {
      await feed.reduce(payload, memory, source)
      return { events: [] }
    },
  }
}

import type { Claim, Feed } from '../../feeds/feed.ts'
import { type Json, objectOf } from '../../feeds/json.ts'
import type { Payload } from '../../feeds/payload.ts'
import type { FeedKey, StoredPayload } from '../../store/feeds/feed-log.ts'
import { PAYLOADS_AT_ONCE } from '../../store/feeds/payloads.ts'
import type { Store } from '../../store/store.ts'
import { applyTogether } from '../apply.ts'
import type { Pending } from '../incoming.ts'
import { CLAIM, wasOfFuture } from '../reduce-payloads.ts'

/** The keys of all entries of a memory lie between these. */
const ALL_KEYS = ['', '~'] as const

/**
 * Reduces the log of a feed with memory again, from its beginning, into the scratch store; then the feed remembers what
 * that gave. Resolves to the last place in the log that was reduced: what comes later finds the new memory. The feed
 * goes on meanwhile, and is locked for the last payloads alone.
 */
export async function replayLog(options: {
  store: Store
  scratch: Store
  feed: Feed
  key: FeedKey
  stop: AbortSignal
}): Promise<number> {
  const { store, scratch, feed, key, stop } = options
  const renamed = new Map<string, string>()
  let place: Place = { seq: 0, key: '' }
  for (;;) {
    const page = await store.payloads.after(key, place)
    if (page.length < PAYLOADS_AT_ONCE || stop.aborted) break
    place = await replay(scratch, feed, key, withoutLastGroup(page), renamed)
  }
  if (stop.aborted) return 0
  await store.transact(async transaction => {
    const locked = await transaction.lockFeed(key, 0)
    for (;;) {
      const page = await store.payloads.after(key, place)
      if (page.length === 0) break
      place = await replay(
        scratch,
        feed,
        key,
        page.length < PAYLOADS_AT_ONCE ? page : withoutLastGroup(page),
        renamed,
      )
    }
    const before = await locked.memory.range(...ALL_KEYS)
    const isTransient = (name: string) =>
      feed.transientMemory?.some(kind => name.startsWith(`${kind}|`)) === true
    await locked.memory.remove(before.map(row => row.key).filter(name => !isTransient(name)))
    const after = await scratch.transact(async copy =>
      (await copy.lockFeed(key, 0)).memory.range(...ALL_KEYS),
    )
    await locked.memory.write(after.filter(row => !isTransient(row.key)))
  }, key.feedId)
  return place.seq
}

interface Place {
  readonly seq: number
  readonly key: string
}

/** Claims follow their payload: the last payload of a page may have more of them on the next. */
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
  renamed: Map<string, string>,
): Promise<Place> {
  const deliveries = withClaims(page).map(({ stored, claims }): Pending => {
    const { receivedAtMs, isReducible } = stored
    const payload = payloadOf(stored)
    const incoming = { ...key, feedKind: feed.kind, receivedAtMs, payloads: [payload] }
    return {
      incoming,
      feed: isReducible ? feed : onlyRemembering(feed),
      reduced: undefined,
      applied: { added: 0, duplicates: 0 },
      replayed: { seq: stored.seq, claims, renamed },
    }
  })
  await scratch.transact(transaction => applyTogether(transaction, deliveries, async () => {}))
  const last = page.at(-1)
  return { seq: last?.seq ?? 0, key: last?.key ?? '' }
}

/** The payloads of a page that are to be reduced, each with the SIDs that it gave out. */
function withClaims(page: readonly StoredPayload[]): { stored: StoredPayload; claims: Claim[] }[] {
  const bySeq = new Map<number, Claim[]>()
  const found: { stored: StoredPayload; claims: Claim[] }[] = []
  for (const stored of page.filter(({ key }) => !key.startsWith(CLAIM))) {
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

function payloadOf({ key, native }: StoredPayload): Payload {
  const value: Json | undefined = objectOf(JSON.parse(native))
  return { key, value: value ?? {} }
}

/** The events of a payload that is not stored whole stand as they are. */
function onlyRemembering(feed: Feed): Feed {
  return {
    ...feed,
    async reduce(payload, memory, source) {
      await feed.reduce(payload, memory, source)
      return { events: [] }
    },
  }
}

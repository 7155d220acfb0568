import { readConfig } from '../../src/config.ts'
import type { Event } from '../../src/event.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { feeds as allFeeds } from '../../src/feeds/index.ts'
import { type ApplyQueue, applyQueue } from '../../src/ingest/apply-queue.ts'
import type { Store } from '../../src/store/store.ts'

/** The apply queue of a store. A fault fails the test. */
export function queueOf(store: Store, feeds: readonly Feed[] = allFeeds): ApplyQueue {
  const onFault = (error: unknown) => {
    throw error
  }
  return applyQueue({ store, feeds, settings: readConfig({}, {}), onFault })
}

/** Applies events without payloads, as if a feed of this kind had stated them in one delivery. */
export async function applyEvents(
  store: Store,
  from: { accountSid: string; feedId: string; feedKind: string; receivedAtMs: number },
  events: readonly Event[],
): Promise<void> {
  const observations = events.map(event => ({ event, native: '{}' }))
  await queueOf(store).apply({ ...from, payloads: [], observations })
}

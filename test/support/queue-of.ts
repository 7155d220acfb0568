import { readConfig } from '../../src/config.ts'
import type { Event } from '../../src/event.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { feeds as allFeeds } from '../../src/feeds/index.ts'
import { type ApplyQueue, applyQueue } from '../../src/ingest/apply-queue.ts'
import type { Store } from '../../src/store/store.ts'

/** The way into a store; a fault fails the test. */
export function queueOf(store: Store, feeds: readonly Feed[] = allFeeds): ApplyQueue {
  const onFault = (error: unknown) => {
    throw error
  }
  return applyQueue({ store, feeds, settings: readConfig({}, {}), onFault })
}

/** Applies events that no payload leads to, as if a feed of this kind had told them together. */
export async function applyEvents(
  store: Store,
  from: { accountSid: string; feedId: string; feedKind: string; receivedAtMs: number },
  events: readonly Event[],
): Promise<void> {
  const observations = events.map(event => ({ event, native: '{}' }))
  await queueOf(store).apply({ ...from, payloads: [], observations })
}

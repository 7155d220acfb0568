import { readConfig } from '../../src/config.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { feeds as allFeeds } from '../../src/feeds/index.ts'
import { rebuild } from '../../src/ingest/rebuild/rebuild.ts'
import type { Store } from '../../src/store/store.ts'

/** Rebuilds everything, as `rollcall rebuild` does without settings. */
export async function rebuildAll(store: Store, feeds: readonly Feed[] = allFeeds): Promise<void> {
  await rebuild({ store, feeds, settings: readConfig({}, {}), progress: () => {} })
}

import type { Feed } from '../../feeds/feed.ts'
import type { SnapshotServer } from '../../feeds/snapshot.ts'
import type { FeedRow } from '../../store/feeds/feeds.ts'
import type { Store } from '../../store/store.ts'
import type { ApplyQueue } from '../apply-queue.ts'
import { type Reconciliation, reconciliation } from './reconcile.ts'

/**
 * The reconciliation of all feeds that have a media server: those of the settings, and those that the database has when
 * a run begins. The feeds are compared at the same time and each for itself: `onFault` gets what failed.
 */
export function feedsReconciliation(options: {
  store: Store
  queue: ApplyQueue
  feeds: readonly Feed[]
  configuredFeeds: readonly FeedRow[]
  /** The media server of a feed; undefined if it has none whose list can be read. */
  serverOf: (feed: Feed, row: FeedRow) => SnapshotServer | undefined
  clock: () => number
  onFault: (error: unknown) => void
}): Reconciliation {
  const { store, queue, feeds, configuredFeeds, serverOf, clock, onFault } = options

  async function runOne(row: FeedRow): Promise<number> {
    const feed = feeds.find(({ kind }) => kind === row.kind)
    const server = feed && serverOf(feed, row)
    if (feed?.snapshot === undefined || server === undefined) return 0
    return await reconciliation({ store, queue, feed, snapshot: feed.snapshot, server, row, clock }).run()
  }

  return {
    async run() {
      const stored = await store.feeds.list()
      // A feed of the database may be that of the settings too.
      const rows = new Map([...stored, ...configuredFeeds].map(row => [row.feedId, row]))
      for (const row of stored) if (rows.get(row.feedId)?.url === undefined) rows.set(row.feedId, row)
      const runs = [...rows.values()].map(row =>
        runOne(row).catch(error => {
          onFault(error)
          return 0
        }),
      )
      return (await Promise.all(runs)).reduce((sum, appended) => sum + appended, 0)
    },
  }
}

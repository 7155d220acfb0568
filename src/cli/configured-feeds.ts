import type { Config } from '../config.ts'
import type { Feed } from '../feeds/feed.ts'
import { feedId } from '../sid.ts'
import type { FeedRow } from '../store/feeds/feeds.ts'

/** The feeds that the settings name. They belong to the default account, and are not in the database. */
export function configuredFeeds(feeds: readonly Feed[], config: Config, accountSid: string): FeedRow[] {
  return feeds.flatMap(feed => {
    const configured = feed.configured?.(config)
    if (configured === undefined) return []
    const { name, authKey, secret, url } = configured
    const { kind } = feed
    return { feedId: feedId(accountSid, kind, name), accountSid, kind, authKey, secret, createdAtMs: 0, url }
  })
}

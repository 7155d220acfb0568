import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Feed } from '../../feeds/feed.ts'
import type { RecordSettings } from '../../fold/participant-record.ts'
import type { FeedKey, StoredPayload } from '../../store/feeds/feed-log.ts'
import type { Store } from '../../store/store.ts'
import { applyAgain, reduceAgain, storedPayload } from './reduce-again.ts'

/**
 * Reduces the payloads of a feed without memory again that led to no event when they came. A payload that now leads to
 * events is removed from the log and applied, with the time at which it was received.
 */
export async function reduceUnrecognized(options: {
  store: Store
  feed: Feed
  key: FeedKey
  settings: RecordSettings
  stop: AbortSignal
}): Promise<void> {
  const { store, feed, key, settings, stop } = options
  let place = { seq: 0, key: '' }
  for (;;) {
    // SQLite reads without a turn of the event loop, and a signal to stop comes only with one.
    await nextTurn()
    const page = await store.payloads.after(key, place)
    const last = page.at(-1)
    if (last === undefined || stop.aborted) return
    for (const stored of page.filter(isUnrecognized)) {
      const { receivedAtMs } = stored
      const again = await reduceAgain(feed, key, storedPayload(stored.key, stored.native))
      if (again === undefined || again.reduced.events.length === 0) continue
      await store.transact(async transaction => {
        await transaction.feedLog(key).remove(stored.key)
        await applyAgain(transaction, { ...key, feed, receivedAtMs }, again, settings)
      })
    }
    place = { seq: last.seq, key: last.key }
  }
}

function isUnrecognized({ reason, isReducible, isOther }: StoredPayload): boolean {
  return isReducible && reason !== '' && !isOther
}

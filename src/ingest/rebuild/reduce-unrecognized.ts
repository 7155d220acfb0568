import type { Feed } from '../../feeds/feed.ts'
import { objectOf } from '../../feeds/json.ts'
import { NO_MEMORY } from '../../feeds/memory.ts'
import type { Payload } from '../../feeds/payload.ts'
import type { RecordSettings } from '../../fold/participant-record.ts'
import type { FeedKey, StoredPayload } from '../../store/feeds/feed-log.ts'
import type { Store } from '../../store/store.ts'
import { applyTogether, OTHER_BODY } from '../apply.ts'
import { foldIntoRoom } from '../fold-into-room.ts'
import { sourceOf } from '../reduce-payloads.ts'

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
    const page = await store.payloads.after(key, place)
    const last = page.at(-1)
    if (last === undefined || stop.aborted) return
    for (const stored of page.filter(isUnrecognized)) {
      const payload = payloadOf(stored)
      const reduced = await reduceOrNothing(feed, payload, key)
      if (reduced.events.length === 0) continue
      const incoming = { ...key, feedKind: feed.kind, receivedAtMs: stored.receivedAtMs, payloads: [payload] }
      const pending = { incoming, feed, reduced: [reduced], applied: { added: 0, duplicates: 0 } }
      await store.transact(async transaction => {
        await transaction.feedLog(key).remove(stored.key)
        await applyTogether(transaction, [pending], (room, events) => foldIntoRoom(room, settings, events))
      })
    }
    place = { seq: last.seq, key: last.key }
  }
}

function isUnrecognized({ reason, isReducible }: StoredPayload): boolean {
  return isReducible && reason !== '' && !reason.startsWith(OTHER_BODY)
}

function payloadOf({ key, native }: StoredPayload): Payload {
  return { key, value: objectOf(JSON.parse(native)) ?? {} }
}

async function reduceOrNothing(feed: Feed, payload: Payload, key: FeedKey) {
  try {
    return await feed.reduce(payload, NO_MEMORY, sourceOf(key))
  } catch {
    return { events: [] }
  }
}

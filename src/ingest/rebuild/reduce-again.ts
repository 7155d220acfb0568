import type { Feed, Reduced } from '../../feeds/feed.ts'
import { objectOf } from '../../feeds/json.ts'
import { NO_MEMORY } from '../../feeds/memory.ts'
import type { Payload } from '../../feeds/payload.ts'
import type { RecordSettings } from '../../fold/participant-record.ts'
import type { FeedKey } from '../../store/feeds/feed-log.ts'
import type { Transaction } from '../../store/store.ts'
import { applyTogether } from '../apply.ts'
import { foldIntoRoom } from '../fold-into-room.ts'
import { sourceOf } from '../reduce-payloads.ts'

/** A payload of a feed without memory, and what it leads to when it is reduced again. */
export interface ReducedAgain {
  readonly payload: Payload
  readonly reduced: Reduced
}

/** The payload that is stored as JSON under a key. */
export function storedPayload(key: string, native: string): Payload {
  return { key, value: objectOf(JSON.parse(native)) ?? {} }
}

/** Reduces a payload of a feed without memory again. Undefined if it cannot be reduced. */
export async function reduceAgain(
  feed: Feed,
  { accountSid, feedId }: FeedKey,
  payload: Payload,
): Promise<ReducedAgain | undefined> {
  try {
    const reduced = await feed.reduce(payload, NO_MEMORY, sourceOf({ accountSid, feedId }))
    return { payload, reduced }
  } catch {
    return undefined
  }
}

/** Applies a payload that was reduced again, with the time at which it was received. */
export async function applyAgain(
  transaction: Transaction,
  source: FeedKey & { readonly feed: Feed; readonly receivedAtMs: number },
  { payload, reduced }: ReducedAgain,
  settings: RecordSettings,
): Promise<void> {
  const { accountSid, feedId, feed, receivedAtMs } = source
  const incoming = { accountSid, feedId, feedKind: feed.kind, receivedAtMs, payloads: [payload] }
  const pending = { incoming, feed, reduced: [reduced], applied: { added: 0, duplicates: 0 } }
  await applyTogether(transaction, [pending], (room, events) => foldIntoRoom(room, settings, events))
}

import { v7 as uuidv7 } from 'uuid'
import type { LoggedDelivery } from '../store/feeds/deliveries.ts'
import type { Store } from '../store/store.ts'
import type { Outcome } from './receive.ts'

/** How many authentic deliveries are kept, and how many others. */
export const DELIVERIES_KEPT = 100

const FLUSH_EVERY_MS = 500

/**
 * The log that `rollcall feed log` shows. Deliveries are written together, at most twice a second. Of those that wait
 * for that, only the last DELIVERIES_KEPT of each sort are kept.
 */
export interface DeliveryLog {
  add(feedKind: string, receivedAtMs: number, httpStatus: number, outcome: Outcome): void
  close(): Promise<void>
}

export function deliveryLog(store: Store, onError: (error: unknown) => void): DeliveryLog {
  const authentic: LoggedDelivery[] = []
  const unauthentic: LoggedDelivery[] = []
  let timer: NodeJS.Timeout | undefined

  async function flush(): Promise<void> {
    timer = undefined
    const pending = [...authentic.splice(0), ...unauthentic.splice(0)]
    if (pending.length > 0) await store.deliveries.add(pending, DELIVERIES_KEPT)
  }

  return {
    add(feedKind, receivedAtMs, httpStatus, outcome) {
      const list = outcome.feed === undefined ? unauthentic : authentic
      list.push({
        deliveryId: uuidv7(),
        receivedAtMs,
        feedKind,
        feedId: outcome.feed?.feedId ?? null,
        accountSid: outcome.feed?.accountSid ?? null,
        httpStatus,
        outcome: outcome.outcome,
        detail: outcome.detail,
        events: outcome.events,
        duplicates: outcome.duplicates,
      })
      if (list.length > DELIVERIES_KEPT) list.shift()
      timer ??= setTimeout(() => flush().catch(onError), FLUSH_EVERY_MS).unref()
    },
    async close() {
      clearTimeout(timer)
      await flush().catch(onError)
    },
  }
}

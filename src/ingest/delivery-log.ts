import { v7 as uuidv7 } from 'uuid'
import { StoreUnavailableError } from '../store/engine/database.ts'
import type { LoggedDelivery } from '../store/feeds/deliveries.ts'
import type { Store } from '../store/store.ts'
import type { Outcome } from './receive.ts'

/** How many authentic deliveries are kept, and how many others: the sweeper removes older ones every 10 seconds. */
export const DELIVERIES_KEPT = 100

const FLUSH_EVERY_MS = 500

/**
 * The log that `rollcall feed log` shows. Deliveries are written together, at most twice a second; those that cannot be
 * written are written with later ones. Of those that wait, only the last DELIVERIES_KEPT of each sort are kept: a process
 * adds at most 400 a second.
 */
export interface DeliveryLog {
  add(feedKind: string, receivedAtMs: number, httpStatus: number, outcome: Outcome): void
  close(): Promise<void>
}

export function deliveryLog(store: Store, onError: (error: unknown) => void): DeliveryLog {
  const authentic: LoggedDelivery[] = []
  const unauthentic: LoggedDelivery[] = []
  let timer: NodeJS.Timeout | undefined
  let written = Promise.resolve()

  /** Resolves once everything is written, also what is being written now. */
  function flush(): Promise<void> {
    timer = undefined
    written = written.then(write).catch(onError)
    return written
  }

  async function write(): Promise<void> {
    const [some, others] = [authentic.splice(0), unauthentic.splice(0)]
    if (some.length + others.length === 0) return
    try {
      await store.deliveries.add([...some, ...others])
    } catch (error) {
      // They wait for the next delivery: after an outage the log says what was refused.
      if (error instanceof StoreUnavailableError) {
        putBack(authentic, some)
        putBack(unauthentic, others)
      }
      throw error
    }
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
      timer ??= setTimeout(flush, FLUSH_EVERY_MS).unref()
    },
    async close() {
      clearTimeout(timer)
      await flush()
    },
  }
}

/** Puts deliveries before those that came since, and keeps the last DELIVERIES_KEPT. */
function putBack(list: LoggedDelivery[], taken: readonly LoggedDelivery[]): void {
  list.splice(0, list.length, ...[...taken, ...list].slice(-DELIVERIES_KEPT))
}

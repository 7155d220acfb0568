import type { FastifyInstance } from 'fastify'
import { NeedsRepairError, StoreUnavailableError } from '../store/engine/database.ts'
import type { Store } from '../store/store.ts'
import { ApiError } from './errors.ts'
import type { OutageLog } from './outage-log.ts'

/** How long the outcome of a test write is answered: requests that come more often cause no more writes. */
const HOLDS_MS = 1_000

/**
 * Serves `/healthz`, 200 while the process answers, and `/readyz`, 200 while the database can be written to, else 503.
 * A database that somebody must repair is named in the answer.
 */
export async function registerHealth(
  scope: FastifyInstance,
  store: Store,
  clock: () => number,
  noteOutage: OutageLog,
): Promise<void> {
  let tried: Promise<void> | undefined
  let triedAtMs = 0

  function canWrite(): Promise<void> {
    const nowMs = clock()
    if (tried === undefined || Math.abs(nowMs - triedAtMs) >= HOLDS_MS) {
      tried = store.checkWritable()
      triedAtMs = nowMs
    }
    return tried
  }

  scope.get('/healthz', async () => ({ status: 'ok' }))
  scope.get('/readyz', async request => {
    try {
      await canWrite()
    } catch (error) {
      if (error instanceof StoreUnavailableError) noteOutage(error)
      else request.log.warn(error, 'nothing can be stored')
      // Other messages may name the address or the user of the database.
      const sentence = error instanceof NeedsRepairError ? error.message : 'Nothing can be stored now'
      throw new ApiError('unavailable', sentence)
    }
    return { status: 'ok' }
  })
}

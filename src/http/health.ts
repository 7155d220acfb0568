import type { FastifyInstance } from 'fastify'
import type { Store } from '../store/store.ts'
import { ApiError } from './errors.ts'

/** How long an answer about the database holds: whoever asks more often does not make it write more often. */
const HOLDS_MS = 1_000
const RETRY = { 'retry-after': '1' }

/** `/healthz`: the process answers. `/readyz`: what comes now can be stored, which is tried. */
export async function registerHealth(
  scope: FastifyInstance,
  store: Store,
  clock: () => number,
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
      request.log.warn(error, 'nothing can be stored')
      throw new ApiError('unavailable', 'Nothing can be stored now', RETRY)
    }
    return { status: 'ok' }
  })
}

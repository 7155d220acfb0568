import type { Logger } from 'pino'
import { StoreUnavailableError } from '../store/engine/database.ts'

const EVERY_MS = 60_000
/** How many different causes are logged in a minute at most. */
const CAUSES = 10

/**
 * Logs why the database cannot be used, each cause once a minute: every request of an outage meets the same one. Takes
 * an error or its message; any other error is not logged.
 */
export type OutageLog = (cause: unknown) => void

export function outageLog(log: Logger, clock: () => number): OutageLog {
  /** The causes of this minute. */
  const logged = new Set<string>()
  let sinceMs = Number.NEGATIVE_INFINITY
  return cause => {
    const sentence = cause instanceof StoreUnavailableError ? cause.message : cause
    if (typeof sentence !== 'string') return
    const nowMs = clock()
    if (Math.abs(nowMs - sinceMs) >= EVERY_MS) {
      logged.clear()
      sinceMs = nowMs
    }
    if (logged.has(sentence) || logged.size >= CAUSES) return
    logged.add(sentence)
    log.warn(sentence)
  }
}

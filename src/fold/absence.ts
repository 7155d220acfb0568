import { ABSENCE_SPAN_MS } from '../event.ts'
import type { Rule } from './field-table.ts'

/** A list of the server that lacks a participant or a room. Times are unix milliseconds. */
export interface Absence {
  /** When the list was read. */
  readonly atMs: number
  /** When an earlier list still had the participant or the room; missing if no list had. */
  readonly lastSignMs?: number | undefined
}

/** Keeps each absence once, in the order of time. */
export const absences: Rule<Absence, readonly Absence[]> = {
  keep: ({ atMs, lastSignMs }) => [lastSignMs === undefined ? { atMs } : { atMs, lastSignMs }],
  merge(a, b) {
    const byText = new Map([...a, ...b].map(absence => [JSON.stringify(absence), absence]))
    return [...byText.values()].sort((x, y) => x.atMs - y.atMs || (x.lastSignMs ?? 0) - (y.lastSignMs ?? 0))
  },
}

/**
 * The last sign of presence (unix milliseconds) of a participant or a room that has been absent for at least
 * ABSENCE_SPAN_MS since `lastSeenMs`; undefined if it has not. An absence before `lastSeenMs` does not count.
 */
export function lastSignOfAbsent(
  all: readonly Absence[] | undefined,
  lastSeenMs: number | undefined,
): number | undefined {
  const since = (all ?? []).filter(({ atMs }) => atMs > (lastSeenMs ?? 0))
  const first = since[0]
  const last = since.at(-1)
  if (first === undefined || last === undefined || last.atMs - first.atMs < ABSENCE_SPAN_MS) return undefined
  return Math.max(lastSeenMs ?? 0, ...since.map(absence => absence.lastSignMs ?? 0))
}

import { ABSENCE_SPAN_MS } from '../event.ts'

/** One list of the server's that lacks what is here; `lastSignMs` is the last one that had it, if that is known. */
export interface Absence {
  readonly atMs: number
  readonly lastSignMs?: number | undefined
}

/** The absences with one more, by time and without repetition. */
export function withAbsence(
  known: readonly Absence[] | undefined,
  { atMs, lastSignMs }: Absence,
): readonly Absence[] {
  const all = [...(known ?? []), lastSignMs === undefined ? { atMs } : { atMs, lastSignMs }]
  const byText = new Map(all.map(absence => [JSON.stringify(absence), absence]))
  return [...byText.values()].sort((a, b) => a.atMs - b.atMs || (a.lastSignMs ?? 0) - (b.lastSignMs ?? 0))
}

/**
 * The last sign of what is absent, if it is: two absences since it was last seen, far enough apart. Whatever shows
 * it later refutes those before.
 */
export function lastSignOfAbsent(
  absences: readonly Absence[] | undefined,
  lastSeenMs: number | undefined,
): number | undefined {
  const since = (absences ?? []).filter(({ atMs }) => atMs > (lastSeenMs ?? 0))
  const first = since[0]
  const last = since.at(-1)
  if (first === undefined || last === undefined || last.atMs - first.atMs < ABSENCE_SPAN_MS) return undefined
  return Math.max(lastSeenMs ?? 0, ...since.map(absence => absence.lastSignMs ?? 0))
}

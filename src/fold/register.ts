/** A value with the moment it was stated at. Of two, the later holds; of two at one moment, the one with the greater key. */
export interface Register<T> {
  readonly value: T
  readonly atMs: number
  readonly key: string
}

/** The later of what is known and what an event states; any order of events gives the same. */
export function latest<T>(
  known: Register<T> | undefined,
  value: T | undefined,
  event: { atMs: number; key: string },
): Register<T> | undefined {
  if (value === undefined) return known
  const stated = { value, atMs: event.atMs, key: event.key }
  return known === undefined || isBefore(known, stated) ? stated : known
}

/** The earlier of what is known and what an event states. */
export function earliest<T>(
  known: Register<T> | undefined,
  value: T | undefined,
  event: { atMs: number; key: string },
): Register<T> | undefined {
  if (value === undefined) return known
  const stated = { value, atMs: event.atMs, key: event.key }
  return known === undefined || isBefore(stated, known) ? stated : known
}

/** What is known by name, with the later of what is known and what an event states under one of the names. */
export function latestOf<T>(
  known: Readonly<Record<string, Register<T>>>,
  name: string,
  value: T | undefined,
  event: { atMs: number; key: string },
): Record<string, Register<T>> {
  const stated = latest(Object.hasOwn(known, name) ? known[name] : undefined, value, event)
  return stated === undefined ? known : { ...known, [name]: stated }
}

/** The smaller of two numbers of which each may be unknown. */
export function minOf(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

/** Both sets, without repetition, sorted. */
export function union(known: readonly string[], added: readonly string[]): string[] {
  return [...new Set([...known, ...added])].sort()
}

function isBefore(a: Register<unknown>, b: Register<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.key < b.key)
}

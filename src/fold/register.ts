/** A value with the moment it was stated at. Of two, the later holds; of two at one moment, the one with the greater key. */
export interface Register<T> extends Moment {
  readonly value: T
}

interface Moment {
  readonly atMs: number
  readonly key: string
}

/** The later of what is known and what an event states; any order of events gives the same. */
export function latest<T>(known: Register<T> | undefined, value: T | undefined, event: Moment) {
  return laterOf(known, stateAt(value, event))
}

/** The earlier of what is known and what an event states. */
export function earliest<T>(known: Register<T> | undefined, value: T | undefined, event: Moment) {
  return earlierOf(known, stateAt(value, event))
}

/** The later of two registers of which each may be unknown. */
export function laterOf<T>(a: Register<T> | undefined, b: Register<T> | undefined) {
  if (a === undefined || b === undefined) return a ?? b
  return isBefore(a, b) ? b : a
}

/** The earlier of two registers of which each may be unknown. */
export function earlierOf<T>(a: Register<T> | undefined, b: Register<T> | undefined) {
  if (a === undefined || b === undefined) return a ?? b
  return isBefore(b, a) ? b : a
}

/** What is known by name, with the later of what is known and what an event states under one of the names. */
export function latestOf<T>(
  known: Readonly<Record<string, Register<T>>>,
  name: string,
  value: T | undefined,
  event: Moment,
): Record<string, Register<T>> {
  const stated = latest(Object.hasOwn(known, name) ? known[name] : undefined, value, event)
  return stated === undefined ? known : { ...known, [name]: stated }
}

/** The smaller of two numbers of which each may be unknown. */
export function minOf(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

/** The greater of two numbers of which each may be unknown. */
export function maxOf(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.max(a, b)
}

/** Both sets, without repetition, sorted. */
export function union(known: readonly string[], added: readonly string[]): string[] {
  return [...new Set([...known, ...added])].sort()
}

function stateAt<T>(value: T | undefined, { atMs, key }: Moment): Register<T> | undefined {
  return value === undefined ? undefined : { value, atMs, key }
}

function isBefore(a: Register<unknown>, b: Register<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.key < b.key)
}

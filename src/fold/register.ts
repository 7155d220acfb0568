/** When a value was stated: the time of its event in unix milliseconds, and the event's key. */
export interface Moment {
  readonly atMs: number
  readonly key: string
}

/** A value and when it was stated. Two values are ordered by time, and at the same time by event key. */
export interface Register<T> extends Moment {
  readonly value: T
}

/** The register of a value that was stated at a moment. */
export function registerOf<T>(value: T, { atMs, key }: Moment): Register<T> {
  return { value, atMs, key }
}

/** The later of two registers. */
export function laterOf<T>(a: Register<T>, b: Register<T>): Register<T> {
  return isBefore(a, b) ? b : a
}

/** The earlier of two registers. */
export function earlierOf<T>(a: Register<T>, b: Register<T>): Register<T> {
  return isBefore(b, a) ? b : a
}

/** The smaller of two numbers, or the only one that is defined. */
export function minOf(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

/** The greater of two numbers, or the only one that is defined. */
export function maxOf(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.max(a, b)
}

/** The strings of both lists, sorted and without repetition. */
export function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort()
}

function isBefore(a: Moment, b: Moment): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.key < b.key)
}

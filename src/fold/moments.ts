import type { Rule } from './field-table.ts'

/** What an event states of one moment, such as an end of the room. */
export interface AtMoment {
  /** Unix milliseconds. */
  readonly atMs: number
}

/** So many moments a state keeps, the latest: a room that is ended more often loses the earliest ends. */
const MOST_MOMENTS = 1_000

/** Keeps each stated moment once, in the order of time, and no more than the latest MOST_MOMENTS. */
export function allMoments<T extends AtMoment>(): Rule<T, readonly T[]> {
  return {
    keep: stated => [definedOf(stated)],
    merge(a, b) {
      const byText = new Map([...a, ...b].map(moment => [JSON.stringify(moment), moment]))
      const sorted = [...byText].sort(
        ([x, { atMs: xMs }], [y, { atMs: yMs }]) => xMs - yMs || (x < y ? -1 : 1),
      )
      return sorted.map(([, moment]) => moment).slice(-MOST_MOMENTS)
    },
  }
}

/**
 * True if a sign of presence is later than an end; both in unix milliseconds. An end in whole seconds, as LiveKit and
 * Jitsi state it, lasts until the end of its second.
 */
export function isLater(signMs: number | undefined, endMs: number): boolean {
  const lastMs = endMs % 1000 === 0 ? endMs + 999 : endMs
  return signMs !== undefined && signMs > lastMs
}

/** The first of these moments that no sign of presence is later than. */
export function firstFrom<T extends AtMoment>(
  moments: readonly T[] | undefined,
  signMs: number | undefined,
): T | undefined {
  return moments?.find(({ atMs }) => !isLater(signMs, atMs))
}

/** The object without the members that are undefined, so that equal objects are equal as JSON. */
export function definedOf<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T // see the filter
}

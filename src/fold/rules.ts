import type { Rule } from './field-table.ts'
import { earlierOf, laterOf, type Register, registerOf, union } from './register.ts'

/** The value stated last. Of two stated at one time, the one whose event key is greater. */
export function latest<T>(): Rule<T, Register<T>> {
  return { keep: registerOf, merge: laterOf }
}

/** The value stated first. Of two stated at one time, the one whose event key is smaller. */
export function earliest<T>(): Rule<T, Register<T>> {
  return { keep: registerOf, merge: earlierOf }
}

/** A value that is ordered by a time of its own instead of the time of its event. */
export interface Dated<T> {
  readonly value: T
  /** Unix milliseconds. */
  readonly atMs: number
}

/** Like `latest`, by the value's own time. */
export function latestDated<T>(): Rule<Dated<T>, Register<T>> {
  return { keep: keepDated, merge: laterOf }
}

/** One value for each native key, such as one for each track; `latest` applies to each key by itself. */
export function latestByKey<T>(): Rule<{ key: string; value: T }, Readonly<Record<string, Register<T>>>> {
  return {
    keep: ({ key, value }, moment) => ({ [key]: registerOf(value, moment) }),
    merge(a, b) {
      const merged = Object.entries(b).map(([key, register]) => {
        const other = Object.hasOwn(a, key) ? a[key] : undefined
        return [key, other === undefined ? register : laterOf(other, register)] as const
      })
      return { ...a, ...Object.fromEntries(merged) }
    },
  }
}

/** A value that every event states alike, such as a native key. */
export function constant<T>(): Rule<T, T> {
  return { keep: stated => stated, merge: first => first }
}

/** The smallest number. */
export const min: Rule<number, number> = { keep: stated => stated, merge: (a, b) => Math.min(a, b) }

/** The greatest number. */
export const max: Rule<number, number> = { keep: stated => stated, merge: (a, b) => Math.max(a, b) }

/** True once it is stated to be true. */
export const either: Rule<boolean, boolean> = { keep: stated => stated, merge: (a, b) => a || b }

/** All strings that are stated, sorted and without repetition. */
export const allOf: Rule<readonly string[], readonly string[]> = {
  keep: stated => union(stated, []),
  merge: union,
}

/** The rule with a value for the state before any event. */
export function startingWith<S, K>(initial: K, rule: Rule<S, K>): Rule<S, K> & { readonly initial: K } {
  return { ...rule, initial }
}

function keepDated<T>({ value, atMs }: Dated<T>, { key }: { key: string }): Register<T> {
  return { value, atMs, key }
}

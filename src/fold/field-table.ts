import type { Moment } from './register.ts'

/** How one field of a state is folded: the only place where that is written. */
export interface Rule<Stated, Kept> {
  /** What a state keeps of a value that an event states. */
  keep(stated: Stated, moment: Moment): Kept
  /** Combines two kept values. Commutative, associative and idempotent, so that no order of events matters. */
  merge(a: Kept, b: Kept): Kept
  /** The value in an empty state. Without it the field is missing until an event states it. */
  readonly initial?: Kept
}

/** A rule for each field of a state, by the field's name. The type, the fold and the merge follow from it. */
export type FieldTable = Readonly<Record<string, Rule<unknown, unknown>>>

type Kept<R extends Rule<unknown, unknown>> = ReturnType<R['merge']>
type WithInitial = { readonly initial: unknown }

/** The state that a table describes. A field whose rule has an initial value is always there. */
export type StateOf<T extends FieldTable> = {
  readonly [K in keyof T as T[K] extends WithInitial ? K : never]: Kept<T[K]>
} & {
  readonly [K in keyof T as T[K] extends WithInitial ? never : K]?: Kept<T[K]>
}

/** What one event states, by field. A field that is missing or undefined is not stated. */
export type ContributionOf<T extends FieldTable> = {
  readonly [K in keyof T]?: Parameters<T[K]['keep']>[0] | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** The state before any event. */
export function emptyState<T extends FieldTable>(table: T): StateOf<T> {
  const initial = Object.entries(table).filter(([, rule]) => rule.initial !== undefined)
  // The fields that StateOf requires are those with an initial value.
  return Object.fromEntries(initial.map(([name, rule]) => [name, rule.initial])) as StateOf<T>
}

/** The state with what an event states folded in. Neither argument is changed. */
export function foldIn<T extends FieldTable>(
  table: T,
  state: StateOf<T>,
  contribution: ContributionOf<T>,
  moment: Moment,
): StateOf<T> {
  const stated: Fields = contribution
  const kept = Object.entries(table).flatMap(([name, rule]) =>
    stated[name] === undefined ? [] : [[name, rule.keep(stated[name], moment)] as const],
  )
  return mergeFields(table, state, Object.fromEntries(kept))
}

/** The state that all events of both states fold into. Neither argument is changed. */
export function mergeStates<T extends FieldTable>(table: T, a: StateOf<T>, b: StateOf<T>): StateOf<T> {
  return mergeFields(table, a, b)
}

function mergeFields<T extends FieldTable>(table: T, a: Fields, b: Fields): StateOf<T> {
  const merged: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(table)) {
    const value = mergeValues(rule, a[name], b[name])
    if (value !== undefined) merged[name] = value
  }
  // Each value comes from the rule of its field, and a required field is in `a`, which is a whole state.
  return merged as StateOf<T>
}

function mergeValues(rule: Rule<unknown, unknown>, a: unknown, b: unknown): unknown {
  if (a === undefined || b === undefined) return a ?? b
  return rule.merge(a, b)
}

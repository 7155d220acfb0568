import { type Emitter, type Entries, isOpenStay, type Kind } from './entries.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** How long media that flowed may be silent, while the feed is received, before their sender counts as gone. */
export const MEDIA_SILENCE_MS = 5 * MINUTE_MS
/** How long a room may be empty and still be the same instance when somebody joins. */
export const EMPTY_LIMIT_MS = { static: 20_000, created: DAY_MS }
/** How long an event may take to arrive. */
const EMPTY_SLACK_MS = 10_000
/** How long a room is remembered after an event said that it is empty: a created room may still be destroyed. */
const TOLD_EMPTY_MS = { static: 10 * MINUTE_MS, created: 7 * DAY_MS }
/** How long an entry is remembered if the event that ends it does not come and no participant in a room needs it. */
export const UNUSED_MS = DAY_MS
/** How often an open stay refreshes its session, which is forgotten after twice that time without a refresh. */
const REFRESH_MS = UNUSED_MS / 2
const EMITTER_MS = 7 * DAY_MS
/** If statistics show a Janus this much later than its last event in the log, that is noted in the log. */
const UNLOGGED_MS = 30_000

/**
 * When `expire` is to look at an entry, in unix milliseconds, to conclude that it is over or to forget it. Undefined
 * for an entry that is deleted with another one.
 */
export function dueMsOf<K extends Kind>(kind: K, value: Entries[K], changedAtMs: number): number | undefined {
  return DUE_MS[kind](value, changedAtMs)
}

/** True where the statistics of a Janus show that it ran well after its last event in the log. */
export function isHeardUnlogged({ lastMs, loggedMs = lastMs }: Emitter): boolean {
  return lastMs - loggedMs >= UNLOGGED_MS
}

type DueTimes = { readonly [K in Kind]: (value: Entries[K], changedAtMs: number) => number | undefined }

const DUE_MS: DueTimes = {
  emitter(emitter) {
    if (isHeardUnlogged(emitter)) return emitter.lastMs
    return emitter.lastMs + (emitter.isStopping === true ? UNUSED_MS : EMITTER_MS)
  },
  transport: (_, changedAtMs) => changedAtMs + UNUSED_MS,
  session: (_, changedAtMs) => changedAtMs + UNUSED_MS,
  handle: (_, changedAtMs) => changedAtMs + UNUSED_MS,
  member: (member, changedAtMs) => changedAtMs + (isOpenStay(member) ? REFRESH_MS : UNUSED_MS),
  viewer: (_, changedAtMs) => changedAtMs + UNUSED_MS,
  room({ isCreated, emptySinceMs, toldEmptyMs, isOver }, changedAtMs) {
    // After a shutdown the room is forgotten with its emitter.
    if (isOver === true || emptySinceMs === undefined) return undefined
    const origin = isCreated ? 'created' : 'static'
    if (emptySinceMs === toldEmptyMs) return changedAtMs + TOLD_EMPTY_MS[origin]
    // A join exactly at the limit is still in the same instance.
    return emptySinceMs + EMPTY_LIMIT_MS[origin] + EMPTY_SLACK_MS + 1
  },
  media: ({ lastMs }) => lastMs + MEDIA_SILENCE_MS,
}

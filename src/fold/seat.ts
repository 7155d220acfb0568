import type { Ending, ParticipantState } from './participant.ts'
import { earlierOf, laterOf, maxOf, minOf, union } from './register.ts'

/** One stay among those that share a native key. */
export interface Seated {
  /** All that is known of the stay. */
  readonly state: ParticipantState
  /** When the next stay under the key began. */
  readonly nextJoinMs: number | undefined
  /** Set where this is only the leave of another stay, which is told there. */
  readonly aliasOf: string | undefined
}

/**
 * The stays of one seat, by participant SID. A leave that names no join belongs to the latest join before it, unless
 * that has one already; where there is none it is a stay of its own, whose beginning nobody told. Pure, in any order.
 */
export function resolveSeat(states: ReadonlyMap<string, ParticipantState>): Map<string, Seated> {
  const stays = [...states].map(([sid, state]) => ({ sid, state, joinMs: joinOf(state) }))
  const joins = stays.filter(isJoin).sort((a, b) => a.joinMs - b.joinMs || (a.sid < b.sid ? -1 : 1))
  const leaves = stays
    .filter(stay => stay.joinMs === undefined)
    .sort((a, b) => leaveOf(a.state) - leaveOf(b.state) || (a.sid < b.sid ? -1 : 1))
  const resolved = new Map<string, Seated>()
  const leaveAt = new Map<string, ParticipantState>()
  for (const { sid, state } of leaves) {
    const leaveMs = leaveOf(state)
    const isFree = (join: (typeof joins)[number] | undefined) =>
      join !== undefined && join.state.leftAtMs === undefined && !leaveAt.has(join.sid)
    // Who leaves and is back in the same millisecond leaves the stay before, if there is one to leave.
    const owner = [
      joins.findLast(({ joinMs }) => joinMs < leaveMs),
      joins.find(({ joinMs }) => joinMs === leaveMs),
    ].find(isFree)
    if (owner !== undefined) leaveAt.set(owner.sid, state)
    resolved.set(sid, { state, nextJoinMs: undefined, aliasOf: owner?.sid })
  }
  for (const [index, { sid, state, joinMs }] of joins.entries()) {
    const leave = leaveAt.get(sid)
    const nextJoinMs = joins.slice(index + 1).find(next => next.joinMs > joinMs)?.joinMs
    resolved.set(sid, { state: leave ? merged(state, leave) : state, nextJoinMs, aliasOf: undefined })
  }
  return resolved
}

/** When the stay began, as far as anything shows it before its leave. */
function joinOf(state: ParticipantState): number | undefined {
  return state.joinedAtMs ?? state.joinedAtMsReckoned ?? state.seenAtMs
}

function leaveOf({ leftAtMs = 0 }: ParticipantState): number {
  return leftAtMs
}

function isJoin<T extends { joinMs: number | undefined }>(stay: T): stay is T & { joinMs: number } {
  return stay.joinMs !== undefined
}

/** What two states know together. */
function merged(a: ParticipantState, b: ParticipantState): ParticipantState {
  return {
    ...a,
    identity: laterOf(a.identity, b.identity),
    displayName: laterOf(a.displayName, b.displayName),
    kind: laterOf(a.kind, b.kind),
    attributes: laterOf(a.attributes, b.attributes),
    seenAtMs: minOf(a.seenAtMs, b.seenAtMs),
    lastSeenMs: maxOf(a.lastSeenMs, b.lastSeenMs),
    leftAtMs: minOf(a.leftAtMs, b.leftAtMs),
    leftReason: earlierOf<Ending>(a.leftReason, b.leftReason),
    gotIn: a.gotIn || b.gotIn,
    codecs: union(a.codecs, b.codecs),
  }
}

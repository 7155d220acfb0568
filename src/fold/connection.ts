import { mergeParticipants, type ParticipantState } from './participant.ts'

/**
 * The connection key under which a stay is resolved with others; undefined for a stay by itself. A leave that names its
 * stay is no join, and an attempt that did not get in ends no other stay. Once a stay has the key, it keeps it.
 */
export function connectionKeyOf(state: ParticipantState): string | undefined {
  if (state.isSoleConnection !== true) return state.connectionKey
  return state.gotIn && isConnectionJoin(state) ? state.connectionKey : undefined
}

/** One of the stays that share a connection key, once each leave is matched with its join. */
export interface ResolvedStay {
  /** The stay's own state, merged with the state of the leave that belongs to it. */
  readonly state: ParticipantState
  /** When the next stay under the connection key began, in unix milliseconds. */
  readonly nextJoinMs: number | undefined
  /** For a leave that belongs to another stay: the participant SID of that stay. */
  readonly aliasOf: string | undefined
}

interface Stay {
  readonly sid: string
  readonly state: ParticipantState
  readonly ms: number
}

/**
 * Resolves the stays of one connection key, given and returned by participant SID. A state without a join is a leave
 * only: it belongs to the latest join before it, unless that join has a leave already. A leave at the very moment of
 * its join belongs to that join only if the join before it has a leave. A leave that belongs to no join stays a stay
 * of its own, without a join. Pure; the order of the states does not matter.
 */
export function resolveConnection(states: ReadonlyMap<string, ParticipantState>): Map<string, ResolvedStay> {
  const stays = [...states]
    .map(([sid, state]): Stay => ({ sid, state, ms: connectionMsOf(state) }))
    .sort((a, b) => a.ms - b.ms || (a.sid < b.sid ? -1 : 1))
  const isByItself = ({ state }: Stay) =>
    state.isSoleConnection === true && connectionKeyOf(state) === undefined
  const [alone, connected] = [stays.filter(isByItself), stays.filter(stay => !isByItself(stay))]
  const joins = connected.filter(({ state }) => isConnectionJoin(state))
  const leaves = connected.filter(({ state }) => !isConnectionJoin(state))
  const resolved = new Map<string, ResolvedStay>()
  for (const { sid, state } of alone) resolved.set(sid, { state, nextJoinMs: undefined, aliasOf: undefined })
  const leaveByJoin = new Map<string, ParticipantState>()
  const isFree = (join: Stay | undefined) =>
    join !== undefined && join.state.leftAtMs === undefined && !leaveByJoin.has(join.sid)
  let earlierJoins = 0
  for (const { sid, state, ms } of leaves) {
    while ((joins[earlierJoins]?.ms ?? Number.POSITIVE_INFINITY) < ms) earlierJoins++
    const joinAtSameMoment = joins[earlierJoins]?.ms === ms ? joins[earlierJoins] : undefined
    const owner = [joins[earlierJoins - 1], joinAtSameMoment].find(isFree)
    if (owner !== undefined) leaveByJoin.set(owner.sid, state)
    resolved.set(sid, { state, nextJoinMs: undefined, aliasOf: owner?.sid })
  }
  for (const [index, { sid, state }] of joins.entries()) {
    const leave = leaveByJoin.get(sid)
    resolved.set(sid, {
      state: leave === undefined ? state : mergeParticipants(state, leave),
      nextJoinMs: nextJoinMsOf(joins, index),
      aliasOf: undefined,
    })
  }
  return resolved
}

/**
 * The moment by which the stays of a connection key are ordered, in unix milliseconds: the join, else the first sign
 * of presence, else the leave; 0 if the state has none of them.
 */
export function connectionMsOf(state: ParticipantState): number {
  return joinMsOf(state) ?? state.leftAtMs ?? 0
}

/** True if anything before its leave shows the stay in the room; false for a leave only. */
export function isConnectionJoin(state: ParticipantState): boolean {
  return joinMsOf(state) !== undefined
}

/**
 * Says for each stay of a connection key, given in the order of `connectionMsOf`, whether it is an anchor: a join at a
 * moment that no other stay has. Stays from one anchor up to and including a later one resolve alike whether or not
 * the stays outside them are given, except for the later anchor itself. So a caller that holds only such a window can
 * resolve everything before its last anchor.
 */
export function anchors(stays: readonly ParticipantState[]): boolean[] {
  const moments = stays.map(connectionMsOf)
  return stays.map((state, index) => {
    const isAlone = moments[index - 1] !== moments[index] && moments[index + 1] !== moments[index]
    return isAlone && isConnectionJoin(state)
  })
}

function joinMsOf(state: ParticipantState): number | undefined {
  return state.joinedAtMs ?? state.joinedAtMsEstimated ?? state.seenAtMs
}

/** The first moment after that of a join at which another join is. */
function nextJoinMsOf(joins: readonly Stay[], index: number): number | undefined {
  let next = index + 1
  while (joins[next] !== undefined && joins[next]?.ms === joins[index]?.ms) next++
  return joins[next]?.ms
}

import type { OccupantStay } from './entries.ts'

/** A move to a breakout room, or back, is a leave and a join that are this close together. The limit is ours. */
const MOVE_WITHIN_MS = 5_000
/** The stays that are kept of one connection, the latest ones. Requests that are late are late by less than that. */
const MAX_STAYS = 32

/**
 * Adds what was told of a stay to the stays of its connection. `moved` are the stays that turn out to have ended with
 * a move to another room, and about which that was not told yet. `stays` are to be kept, and say that it is told.
 */
export function addStay(
  known: readonly OccupantStay[],
  told: OccupantStay,
): { stays: readonly OccupantStay[]; moved: readonly OccupantStay[] } {
  const before = known.find(stay => stay.participantSid === told.participantSid)
  const stay = { ...before, ...told, leftAtMs: told.leftAtMs ?? before?.leftAtMs }
  const others = known.filter(({ participantSid }) => participantSid !== told.participantSid)
  const all = [...others, stay].sort((a, b) => a.joinedAtMs - b.joinedAtMs).slice(-MAX_STAYS)
  const moved = all.filter(from => !from.isToldMoved && all.some(to => isMove(from, to)))
  return { stays: all.map(one => (moved.includes(one) ? { ...one, isToldMoved: true } : one)), moved }
}

function isMove(from: OccupantStay, to: OccupantStay): boolean {
  if (from.roomKey === to.roomKey || from.leftAtMs === undefined) return false
  return Math.abs(to.joinedAtMs - from.leftAtMs) <= MOVE_WITHIN_MS && to.joinedAtMs > from.joinedAtMs
}

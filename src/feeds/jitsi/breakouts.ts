import type { OccupantStay } from './entries.ts'

/** A move to a breakout room, or back, is a leave and a join that are this close together. The limit is ours. */
const MOVE_WITHIN_MS = 5_000
/** How many stays of one connection are remembered, the latest ones. No late request is about an earlier stay. */
const MAX_STAYS = 32

/**
 * Adds a stay, or new facts about it, to the stays of its connection. `moved` are the stays that now turn out to have
 * ended with a move to another room. `stays` are to be remembered; they mark these stays, so that each is given once.
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

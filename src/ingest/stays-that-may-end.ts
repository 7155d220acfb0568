import { isDeepStrictEqual } from 'node:util'
import type { ParticipantState } from '../fold/participant.ts'
import type { EndsOfStays } from '../fold/stay.ts'
import type { LockedRoom } from '../store/rooms/locked-room.ts'

/** How many stays one statement loads at most. */
const LOADED_AT_ONCE = 1_000

/**
 * Adds to `known` the stays without a stated leave that an end or a snapshot of the room may change. `lastSeenMs` is the
 * room's latest event before that, in unix milliseconds.
 */
export async function loadStaysThatMayEnd(
  room: LockedRoom,
  ends: { readonly before: EndsOfStays; readonly after: EndsOfStays },
  lastSeenMs: number | undefined,
  known: Map<string, ParticipantState>,
): Promise<void> {
  const which = changedBy(ends.before, ends.after, lastSeenMs ?? 0)
  if (which === 'none') return
  const withoutLeave = await room.participantsWithoutLeave(which === 'open')
  const sids = withoutLeave.filter(sid => !known.has(sid))
  for (let index = 0; index < sids.length; index += LOADED_AT_ONCE) {
    const participantSids = sids.slice(index, index + LOADED_AT_ONCE)
    const { stays } = await room.bearing({
      ...{ participantSids, identities: [], connectionKeys: [], connectedAtMost: 0 },
    })
    for (const { participantSid, state } of stays) known.set(participantSid, state)
  }
}

/** Which stays may change. A snapshot later than all that is known can only end those that are open. */
function changedBy(before: EndsOfStays, after: EndsOfStays, lastSeenMs: number): 'none' | 'open' | 'all' {
  if (!isDeepStrictEqual(before.roomEnds, after.roomEnds)) return 'all'
  const had = momentsOf(before)
  const has = momentsOf(after)
  const added = [...has].filter(atMs => !had.has(atMs))
  if (added.length === 0) return 'none'
  const knownMs = Math.max(lastSeenMs, ...had)
  return added.every(atMs => atMs > knownMs) && !losesAnEnd(had, after) ? 'open' : 'all'
}

/** True if the room ended between the earliest snapshot that is kept and one that is not kept any more. */
function losesAnEnd(had: ReadonlySet<number>, { roomEnds, snapshots = [] }: EndsOfStays): boolean {
  const firstMs = snapshots[0]?.atMs ?? 0
  const lostMs = Math.min(...had)
  const { stated, inferred } = roomEnds
  return [...stated, ...(inferred ? [inferred] : [])].some(({ atMs }) => atMs >= lostMs && atMs < firstMs)
}

function momentsOf({ snapshots = [] }: EndsOfStays): ReadonlySet<number> {
  return new Set(snapshots.map(({ atMs }) => atMs))
}

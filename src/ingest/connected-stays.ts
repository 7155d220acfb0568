import { anchors, connectionKeyOf, connectionMsOf } from '../fold/connection.ts'
import type { ParticipantState } from '../fold/participant.ts'
import type { Bearing, LockedRoom, StayRow } from '../store/rooms/locked-room.ts'

/** Stays that are resolved together, by participant SID: as they were before the change, and as they are after it. */
export interface StayGroup {
  readonly before: ReadonlyMap<string, ParticipantState>
  readonly after: ReadonlyMap<string, ParticipantState>
}

/** If a connection key has at most this many stays, all of them are loaded. */
const WHOLE_KEY_STAYS = 16
const FIRST_MARGIN = 8

/** How many stays of these connection keys one statement loads at most. */
export function connectedAtMost(connectionKeys: readonly string[]): number {
  return connectionKeys.length * WHOLE_KEY_STAYS
}

/**
 * Yields the changed stays in groups: a stay without a connection key alone, any other with its neighbours in time
 * under its key. `known` are the changed stays as they were, `states` as they are. `bearing` is undefined for a room
 * without rows.
 */
export async function* connectedStays(
  room: LockedRoom,
  known: ReadonlyMap<string, ParticipantState>,
  states: ReadonlyMap<string, ParticipantState>,
  bearing: Bearing | undefined,
): AsyncGenerator<StayGroup> {
  const byKey = Map.groupBy(states, ([, state]) => connectionKeyOf(state))
  for (const one of byKey.get(undefined) ?? []) yield groupOf(known, [one], [])
  byKey.delete(undefined)
  const whole =
    bearing === undefined ? new Map() : await wholeKeys(room, [...byKey.keys()].filter(isText), bearing)
  for (const [connectionKey, changed] of byKey) {
    if (connectionKey === undefined) continue
    if (bearing === undefined) yield groupOf(known, changed, [])
    else if (whole !== undefined) yield groupOf(known, changed, whole.get(connectionKey) ?? [])
    else yield await windowAround(room, connectionKey, known, changed)
  }
}

type Changed = readonly (readonly [participantSid: string, state: ParticipantState])[]

function groupOf(
  known: ReadonlyMap<string, ParticipantState>,
  changed: Changed,
  rows: readonly StayRow[],
): StayGroup {
  const others = rows.map(({ participantSid, state }) => [participantSid, state] as const)
  const were = changed.flatMap(([sid]) => {
    const state = known.get(sid)
    return state === undefined ? [] : [[sid, state] as const]
  })
  return { before: new Map([...others, ...were]), after: new Map([...others, ...changed]) }
}

/** All stays of the keys, by key; undefined if there are too many to load. */
async function wholeKeys(
  room: LockedRoom,
  connectionKeys: readonly string[],
  bearing: Bearing,
): Promise<Map<string | undefined, StayRow[]> | undefined> {
  const isAsked = connectionKeys.every(key => bearing.asked.connectionKeys.includes(key))
  const connected = isAsked
    ? bearing.connected
    : (
        await room.bearing({
          ...{ participantSids: [], identities: [], connectionKeys },
          connectedAtMost: connectedAtMost(connectionKeys),
        })
      ).connected
  return connected && Map.groupBy(connected, ({ state }) => state.connectionKey)
}

/**
 * The changed stays with their neighbours in time. On both sides they reach to an anchor, which is a join at a moment
 * that no other stay has: stays beyond an anchor do not change how those within resolve (see src/fold/connection.ts). The
 * later anchor itself resolves in the same way before and after the change.
 */
async function windowAround(
  room: LockedRoom,
  connectionKey: string,
  known: ReadonlyMap<string, ParticipantState>,
  changed: Changed,
): Promise<StayGroup> {
  const momentsMs = changed.flatMap(([sid, state]) => {
    const before = known.get(sid)
    return [connectionMsOf(state), ...(before === undefined ? [] : [connectionMsOf(before)])]
  })
  const fromMs = momentsMs.reduce((a, b) => Math.min(a, b))
  const toMs = momentsMs.reduce((a, b) => Math.max(a, b))
  for (let margin = FIRST_MARGIN; ; margin *= 8) {
    const { stays, isFirst, isLast } = await room.connectionWindow(connectionKey, fromMs, toMs, margin)
    const sorted = stays.toSorted((a, b) => connectionMsOf(a.state) - connectionMsOf(b.state))
    const staysMs = sorted.map(({ state }) => connectionMsOf(state))
    const isAnchor = anchors(sorted.map(({ state }) => state))
    // The outermost stay may share its moment with one that was not loaded.
    if (!isFirst) isAnchor[0] = false
    if (!isLast) isAnchor[sorted.length - 1] = false
    const first = isAnchor.findLastIndex((is, index) => is && (staysMs[index] ?? 0) < fromMs)
    const last = isAnchor.findIndex((is, index) => is && (staysMs[index] ?? 0) > toMs)
    if ((first < 0 && !isFirst) || (last < 0 && !isLast)) continue
    return groupOf(known, changed, sorted.slice(Math.max(first, 0), last < 0 ? undefined : last + 1))
  }
}

function isText(value: string | undefined): value is string {
  return value !== undefined
}

import type { EndReason, Event } from '../event.ts'
import type { Ending } from './ending.ts'
import { definedOf } from './moments.ts'
import type { ParticipantState } from './participant.ts'
import { minOf, type Register } from './register.ts'
import type { RoomState } from './room.ts'

/** The participant's state in stored JSON, which may use the names of an earlier schema. Throws if it is no JSON. */
export function participantStateIn(text: string): ParticipantState {
  // Only states of participants are passed here.
  return withGone(withNewNames(objectIn(text))) as ParticipantState
}

/** The room's state in stored JSON, which may use the names of an earlier schema. Throws if it is no JSON. */
export function roomStateIn(text: string): RoomState {
  return withEnds(withNewNames(objectIn(text))) as RoomState // only states of rooms are passed here
}

/** The event in stored JSON, which may use the names of an earlier schema. Throws if it is no JSON. */
export function eventIn(text: string): Event {
  const members = Object.entries(objectIn(text)).map(([name, value]) => {
    if (name === 'kind') return [name, value === OLD_KIND ? NEW_KIND : value] as const
    return [name, name === 'room' || name === 'participant' ? withNewNames(value) : value] as const
  })
  return Object.fromEntries(members) as unknown as Event // only events are passed here
}

const OLD_KIND = 'observation.participant_elsewhere'
const NEW_KIND: Event['kind'] = 'observation.participant_relocated'

const NEW_NAMES: ReadonlyMap<string, string> = new Map([
  ['seatKey', 'connectionKey'],
  ['joinedAtMsReckoned', 'joinedAtMsEstimated'],
  ['startedAtMsReckoned', 'startedAtMsEstimated'],
])

function objectIn(text: string): Members {
  return JSON.parse(text) as Members // Rollcall stores states and events as objects
}

function withNewNames<T>(value: T): T | Members {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [NEW_NAMES.get(name) ?? name, member]),
  )
}

type Members = Readonly<Record<string, unknown>>

/** What earlier schemas stored of the ends of a room: the earliest stated one, and the first of its servers. */
interface OldEnds {
  readonly endedAtMs?: number
  readonly endReason?: Register<string>
  readonly endedViaApi?: boolean
  readonly serverGone?: Register<EndReason>
  readonly lastSeenMs?: number
}

/** The ends as sets of moments. Only states of earlier schemas have `endedViaApi`. */
function withEnds(state: Members): Members {
  if (!('endedViaApi' in state)) return state
  const { endedAtMs, endReason, endedViaApi, serverGone, ...others }: Members & OldEnds = state
  const { lastSeenMs } = others
  const gone = serverGone && [{ atMs: serverGone.atMs, reason: serverGone.value }]
  if (endedAtMs === undefined) return definedOf({ ...others, serverGone: gone, lastPresenceMs: lastSeenMs })
  const reason = endedViaApi === true ? 'room_ended_via_api' : endReason?.value
  return definedOf({
    ...others,
    serverGone: gone,
    ends: [definedOf({ atMs: endedAtMs, reason })],
    // The latest event of a room that has ended may be a leave, which is no sign of presence.
    lastPresenceMs: minOf(lastSeenMs, endedAtMs),
  })
}

/** The moment at which the connection of a participant was gone as a set of moments. */
function withGone(state: Members): Members {
  const { goneAtMs, goneReason, ...others }: Members & { goneAtMs?: number; goneReason?: Register<Ending> } =
    state
  if (goneAtMs === undefined) return state
  return { ...others, gone: [{ atMs: goneAtMs, ...goneReason?.value }] }
}

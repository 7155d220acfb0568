import type { Event } from '../event.ts'
import type { ParticipantState } from './participant.ts'
import type { RoomState } from './room.ts'

/** The participant's state in stored JSON, which may use the names of an earlier schema. Throws if it is no JSON. */
export function participantStateIn(text: string): ParticipantState {
  return withNewNames(objectIn(text)) as ParticipantState // only states of participants are passed here
}

/** The room's state in stored JSON, which may use the names of an earlier schema. Throws if it is no JSON. */
export function roomStateIn(text: string): RoomState {
  return withNewNames(objectIn(text)) as RoomState // only states of rooms are passed here
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

function objectIn(text: string): object {
  return JSON.parse(text) as object // Rollcall stores states and events as objects
}

function withNewNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [NEW_NAMES.get(name) ?? name, member]),
  )
}

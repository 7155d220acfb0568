import type { Event } from '../../event.ts'
import type { Json } from '../../feeds/json.ts'
import type { Payload } from '../../feeds/payload.ts'
import type { Snapshot } from '../../feeds/snapshot.ts'
import { withoutSecrets } from '../../secrets.ts'
import type { ListedPeople } from '../../store/feeds/listed-rooms.ts'
import type { KnownParticipant } from '../../store/rooms/open-stays.ts'

/** A room or participant with a sign within this time may not be in the server's list yet. */
export const YOUNG_MS = 30_000

/** What a list shows and the records do not: payloads that would have stated it, and observations. */
export interface News {
  readonly payloads: readonly Payload[]
  readonly observations: readonly { readonly event: Event; readonly native: string }[]
}

/** A list of the participants of one instance of a room. */
export interface PeopleList {
  readonly roomSid: string
  /** The room, as the list of rooms has it. */
  readonly room: Json
  readonly participants: readonly Json[]
  /** When the list was requested, in unix milliseconds. */
  readonly atMs: number
}

/**
 * How a list of participants differs from the stays of its room, `here`. `before` is the last list of the room. A stay
 * is absent if the list lacks it: its last sign is an event, or the list before if that had it. `nativeKeys` are those
 * of the participants that the list has. Pure.
 */
export function differences(
  snapshot: Snapshot,
  { roomSid, room, participants, atMs }: PeopleList,
  here: readonly KnownParticipant[],
  before: ListedPeople | undefined,
): News & { readonly nativeKeys: readonly string[]; readonly hasAbsence: boolean } {
  const byNativeKey = new Map(here.map(one => [one.state.nativeKey, one]))
  const listed = participants.map(participant => ({ participant, ...snapshot.readParticipant(participant) }))
  const active = listed.filter(({ isActive }) => isActive)
  const payloads = active
    .filter(({ nativeKey }) => !byNativeKey.has(nativeKey))
    .map(({ participant }) => snapshot.participantPayload(room, participant, atMs))
  const present = active.flatMap(({ participant, nativeKey }) => {
    const known = byNativeKey.get(nativeKey)
    if (known === undefined || known.leaveStated || !wasMissed(known)) return []
    return seen(presentParticipant(roomSid, known.participantSid, atMs), participant)
  })
  const nativeKeys = listed.flatMap(({ nativeKey }) => nativeKey ?? [])
  const inList = new Set<string | undefined>(nativeKeys)
  const absent = here
    .filter(one => one.isOpen && !inList.has(one.state.nativeKey) && one.seenMs <= atMs - YOUNG_MS)
    .map(({ participantSid, state: { nativeKey } }) => {
      const wasListed = nativeKey !== undefined && before?.nativeKeys.includes(nativeKey) === true
      const event = absentParticipant(roomSid, participantSid, atMs, wasListed ? before.atMs : undefined)
      return seen(event, { listed: nativeKeys })
    })
  return {
    payloads,
    observations: [...present, ...absent],
    nativeKeys: active.flatMap(({ nativeKey }) => nativeKey ?? []),
    hasAbsence: absent.length > 0,
  }
}

/** True if the records say that the room or the stay is over, or may be, so that a list that has it is news. */
export function wasMissed(known: {
  readonly isOpen: boolean
  readonly seenMs: number
  readonly state: { readonly absences?: readonly { readonly atMs: number }[] }
}): boolean {
  return !known.isOpen || (known.state.absences ?? []).some(({ atMs }) => atMs > known.seenMs)
}

/** A room that the list has again. */
export function presentRoom(roomSid: string, atMs: number, listed: Json): News {
  const event: Event = { kind: 'room.updated', key: `present|${roomSid}|${atMs}`, atMs, roomSid, room: {} }
  return { payloads: [], observations: [seen(event, listed)] }
}

/** A room that the list of rooms, which has `listed` entries, lacks. `lastSignMs` is when a list last had it. */
export function absentRoom(
  roomSid: string,
  atMs: number,
  lastSignMs: number | undefined,
  listed: number,
): News {
  const event: Event = {
    kind: 'observation.room_absent',
    key: `absent|${roomSid}|${atMs}`,
    ...{ atMs, roomSid, room: {} },
    ...(lastSignMs === undefined ? {} : { lastSignMs }),
  }
  return { payloads: [], observations: [seen(event, { listed })] }
}

function presentParticipant(roomSid: string, participantSid: string, atMs: number): Event {
  const key = `present|${participantSid}|${atMs}`
  return { kind: 'participant.updated', key, atMs, roomSid, room: {}, participantSid, participant: {} }
}

function absentParticipant(
  roomSid: string,
  participantSid: string,
  atMs: number,
  lastSignMs: number | undefined,
): Event {
  return {
    kind: 'observation.participant_absent',
    key: `absent|${participantSid}|${atMs}`,
    ...{ atMs, roomSid, room: {}, participantSid, participant: {} },
    ...(lastSignMs === undefined ? {} : { lastSignMs }),
  }
}

function seen(event: Event, native: unknown): News['observations'][number] {
  return { event, native: JSON.stringify(withoutSecrets(native)) }
}

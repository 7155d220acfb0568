import Type from 'typebox'
import { EVENT_NAMES } from '../event.ts'
import { list } from '../http/list.ts'
import { isRoomKnown, participantInPath, roomInPath } from '../http/path-sid.ts'
import { withoutAddresses } from '../secrets.ts'
import type { Evidence } from '../store/rooms/evidence.ts'
import type { RoomKey } from '../store/rooms/room-key.ts'
import { participantPath } from './participants.ts'
import { roomPath } from './rooms.ts'

const Native = Type.Record(Type.String(), Type.Unknown(), {
  description: 'The payload as it was received, without secrets and addresses',
})

/** The Event resource: one event that a record was folded from. Twilio's API has no such resource. */
export const Event = Type.Object(
  {
    key: Type.String({
      description: 'Unique among the events of a feed in a room: an event with the same key is a duplicate',
    }),
    kind: Type.Enum([...EVENT_NAMES]),
    time: moment('When it happened, by the clock of the source'),
    received_time: moment('When it was received'),
    account_sid: Type.String({ pattern: '^AC[0-9a-fA-F]{32}$' }),
    room_sid: Type.String({ pattern: '^RM[0-9a-fA-F]{32}$' }),
    participant_sid: Type.Union([Type.String({ pattern: '^PA[0-9a-fA-F]{32}$' }), Type.Null()]),
    feed: Type.String({ description: 'Kind of the feed' }),
    feed_id: Type.String(),
    duplicates: Type.Integer({
      minimum: 0,
      description: 'How often the same event was received again and ignored',
    }),
    facts: Type.Record(Type.String(), Type.Unknown(), {
      description: 'What Rollcall understood of the payload',
    }),
    native: Native,
    others: Type.Array(Type.Object({ received_time: moment('When it was received'), native: Native }), {
      description: 'Other payloads that were received later under the same key and ignored',
    }),
  },
  { $id: 'Event' },
)

export const listRoomEvents = list({
  id: 'ListVideoRoomEvent',
  tag: 'Events',
  path: eventsOf(roomPath('{RoomSid}')),
  summary: 'List the events of a room, by time',
  description:
    'The events that the records of the room and of its participants were folded from, with their payloads, without secrets and addresses. Rollcall noticed the events whose kind begins with observation itself; the source stated the others.',
  ...{ key: 'events', item: Event, filters: {} },
  owner: roomInPath,
  pathOf: ({ roomSid }) => eventsOf(roomPath(roomSid)),
  async page({ store }, room, _filters, page) {
    return (await store.evidence.events(room, undefined, page)).map(rowOf)
  },
  isKnown: isRoomKnown,
  render: (_url, room) => row => eventJson(room, row),
})

export const listParticipantEvents = list({
  id: 'ListVideoParticipantEvent',
  tag: 'Events',
  path: eventsOf(participantPath('{RoomSid}', '{ParticipantSid}')),
  summary: 'List the events of a participant, by time',
  description: "The events of the room alone, such as its end, are in the list of the room's events.",
  ...{ key: 'events', item: Event, filters: {} },
  owner: participantInPath,
  pathOf: ({ roomSid, participantSid }) => eventsOf(participantPath(roomSid, participantSid)),
  async page({ store }, { accountSid, roomSid, participantSid }, _filters, page) {
    return (await store.evidence.events({ accountSid, roomSid }, participantSid, page)).map(rowOf)
  },
  render: (_url, room) => row => eventJson(room, row),
})

function eventsOf(path: string): string {
  return `${path}/Events`
}

function rowOf(evidence: Evidence) {
  return { ...evidence.position, evidence }
}

function eventJson({ accountSid, roomSid }: RoomKey, { evidence }: { evidence: Evidence }): string {
  const { kind, key, atMs, roomSid: _room, ...rest } = evidence.event
  const { participantSid, ...facts }: { participantSid?: string; room: unknown } = rest
  return JSON.stringify({
    key,
    kind,
    time: timeOf(atMs),
    received_time: timeOf(evidence.receivedAtMs),
    account_sid: accountSid,
    room_sid: roomSid,
    participant_sid: participantSid ?? null,
    feed: evidence.feedKind,
    feed_id: evidence.feedId,
    duplicates: evidence.duplicates,
    facts,
    native: withoutAddresses(evidence.native),
    others: evidence.others.map(other => ({
      received_time: timeOf(other.receivedAtMs),
      native: withoutAddresses(other.native),
    })),
  })
}

function moment(description: string) {
  return Type.String({ format: 'date-time', description, examples: ['2026-01-31T09:30:00.125Z'] })
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

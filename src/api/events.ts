import Type from 'typebox'
import { EVENT_NAMES } from '../event.ts'
import { ApiError } from '../http/errors.ts'
import type { ApiContext, ApiRequest, Operation } from '../http/operation.ts'
import { listBody, listRequest, Meta, pageOf, pageParameters } from '../http/paging.ts'
import { participantInPath, roomInPath } from '../http/path-sid.ts'
import { parseQuery } from '../http/query.ts'
import type { Evidence } from '../store/rooms/evidence.ts'
import type { RoomKey } from '../store/rooms/room-writer.ts'
import { ROOMS_PATH } from './rooms.ts'

const Native = Type.Record(Type.String(), Type.Unknown(), {
  description: 'The payload as the sender wrote it, without secrets and addresses',
})

/** The Event resource: one fact that a record was folded from. Rollcall's own; the contract has nothing like it. */
export const Event = Type.Object({
  key: Type.String({
    description: 'Unique among the events of a feed in a room: the same again is a duplicate',
  }),
  kind: Type.Enum([...EVENT_NAMES]),
  time: moment('When it happened, by the clock of the source'),
  received_time: moment('When it was received'),
  account_sid: Type.String({ pattern: '^AC[0-9a-fA-F]{32}$' }),
  room_sid: Type.String({ pattern: '^RM[0-9a-fA-F]{32}$' }),
  participant_sid: Type.Union([Type.String({ pattern: '^PA[0-9a-fA-F]{32}$' }), Type.Null()]),
  feed: Type.String({ description: 'Kind of the feed' }),
  feed_id: Type.String(),
  duplicates: Type.Integer({ minimum: 0, description: 'How often it came again, and was ignored' }),
  facts: Type.Record(Type.String(), Type.Unknown(), { description: 'What was understood of it' }),
  native: Native,
  others: Type.Array(Type.Object({ received_time: moment('When it was received'), native: Native }), {
    description: 'Payloads that came later under the same key with another text, and were ignored',
  }),
})

export const listRoomEvents: Operation = {
  id: 'ListVideoRoomEvent',
  tag: 'Events',
  path: `${ROOMS_PATH}/{RoomSid}/Events`,
  summary:
    'List the events of a room, by time: what its record and those of its participants were folded from',
  description:
    'The evidence, with the native payloads, secrets and addresses left out. Kinds that begin with observation are what Rollcall noticed; the others were stated.',
  parameters: pageParameters,
  response: Type.Object({ meta: Meta, events: Type.Array(Event) }),

  async run(context, request) {
    const { accountSid } = request
    const roomSid = roomInPath(request)
    if (roomSid === undefined) throw new ApiError('notFound')
    const key = { accountSid, roomSid }
    const body = await list(context, request, key, undefined)
    if (body.isEmpty && (await context.store.records.room(key)) === undefined) throw new ApiError('notFound')
    return body.json
  },
}

export const listParticipantEvents: Operation = {
  id: 'ListVideoParticipantEvent',
  tag: 'Events',
  path: `${ROOMS_PATH}/{RoomSid}/Participants/{ParticipantSid}/Events`,
  summary: 'List the events of a participant, by time',
  description: "Those of the room, its end for instance, are in the room's own list.",
  parameters: pageParameters,
  response: Type.Object({ meta: Meta, events: Type.Array(Event) }),

  async run(context, request) {
    const { accountSid } = request
    const roomSid = roomInPath(request)
    const participantSid = roomSid && participantInPath(request, roomSid)
    if (!roomSid || !participantSid) throw new ApiError('notFound')
    const found = await context.store.records.participant({ accountSid, roomSid }, participantSid)
    if (found === undefined) throw new ApiError('notFound')
    const key = { accountSid, roomSid: found.roomSid }
    return (await list(context, request, key, found.participantSid)).json
  },
}

async function list(
  { store, clock }: ApiContext,
  { accountSid, baseUrl, query }: ApiRequest,
  key: RoomKey,
  participantSid: string | undefined,
): Promise<{ json: string; isEmpty: boolean }> {
  const ofParticipant = participantSid === undefined ? '' : `/Participants/${participantSid}`
  const request = listRequest({
    key: 'events',
    path: `${ROOMS_PATH}/${key.roomSid}${ofParticipant}/Events`,
    filters: [],
    query: parseQuery(pageParameters, query),
    nowMs: clock(),
    ...{ accountSid, baseUrl },
  })
  const events = await store.evidence.events(key, participantSid, pageOf(request))
  const rows = events.map(event => ({ ...event.position, record: eventJson(key, event) }))
  return { json: listBody(request, rows, row => row.record), isEmpty: rows.length === 0 }
}

function eventJson({ accountSid, roomSid }: RoomKey, event: Evidence): string {
  const { kind, key, atMs, roomSid: _room, participantSid, ...facts } = JSON.parse(event.body)
  return JSON.stringify({
    key,
    kind,
    time: timeOf(atMs),
    received_time: timeOf(event.receivedAtMs),
    account_sid: accountSid,
    room_sid: roomSid,
    participant_sid: participantSid ?? null,
    feed: event.feedKind,
    feed_id: event.feedId,
    duplicates: event.duplicates,
    facts,
    native: JSON.parse(event.native),
    others: event.others.map(other => ({
      received_time: timeOf(other.receivedAtMs),
      native: JSON.parse(other.native),
    })),
  })
}

function moment(description: string) {
  return Type.String({ format: 'date-time', description, examples: ['2026-01-31T09:30:00.125Z'] })
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

import Type from 'typebox'
import { ParticipantRecord } from '../fold/participant-record.ts'
import { ApiError } from '../http/errors.ts'
import type { Operation } from '../http/operation.ts'
import { listBody, listRequest, Meta, pageOf, pageParameters } from '../http/paging.ts'
import { participantInPath, roomInPath } from '../http/path-sid.ts'
import { parseQuery } from '../http/query.ts'
import { ROOMS_PATH } from './rooms.ts'

/** The Participant resource as it is served: one stay of one identity. */
export const Participant = Type.Object({
  ...ParticipantRecord.properties,
  url: Type.String({ format: 'uri' }),
})

export const listParticipants: Operation = {
  id: 'ListVideoParticipantSummary',
  tag: 'Participants',
  path: `${ROOMS_PATH}/{RoomSid}/Participants`,
  summary: 'List the participants of a room, by join time, then SID',
  description:
    "One entry a stay: who comes again is another participant of the same identity. The room is named by its SID, or by LiveKit's own id (RM_…).",
  parameters: pageParameters,
  response: Type.Object({ meta: Meta, participants: Type.Array(Participant) }),

  async run({ store, clock }, request) {
    const { accountSid, baseUrl } = request
    const query = parseQuery(pageParameters, request.query)
    const roomSid = roomInPath(request)
    if (roomSid === undefined) throw new ApiError('notFound')
    const key = { accountSid, roomSid }
    const path = `${ROOMS_PATH}/${roomSid}/Participants`
    const list = listRequest({
      key: 'participants',
      accountSid,
      baseUrl,
      path,
      filters: [],
      query,
      nowMs: clock(),
    })
    const rows = await store.records.participants(key, pageOf(list))
    if (rows.length === 0 && (await store.records.room(key)) === undefined) throw new ApiError('notFound')
    const prefix = `,"url":${JSON.stringify(`${baseUrl}${path}/`).slice(0, -1)}`
    return listBody(list, rows, ({ record, sid }) => `${record.slice(0, -1)}${prefix}${sid}"}`)
  },
}

export const fetchParticipant: Operation = {
  id: 'FetchVideoParticipantSummary',
  tag: 'Participants',
  path: `${ROOMS_PATH}/{RoomSid}/Participants/{ParticipantSid}`,
  summary: 'Fetch a participant',
  description: "Room and participant are named by their SIDs, or by LiveKit's own ids (RM_…, PA_…).",
  parameters: {},
  response: Participant,

  async run({ store }, request) {
    const { accountSid, baseUrl } = request
    const roomSid = roomInPath(request)
    const participantSid = roomSid && participantInPath(request, roomSid)
    if (!roomSid || !participantSid) throw new ApiError('notFound')
    const found = await store.records.participant({ accountSid, roomSid }, participantSid)
    if (found === undefined) throw new ApiError('notFound')
    const url = `${baseUrl}${ROOMS_PATH}/${found.roomSid}/Participants/${found.participantSid}`
    return `${found.record.slice(0, -1)},"url":${JSON.stringify(url)}}`
  },
}

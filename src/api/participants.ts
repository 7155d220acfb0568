import Type from 'typebox'
import { ParticipantRecord } from '../fold/participant-record.ts'
import { list } from '../http/list.ts'
import type { Operation } from '../http/operation.ts'
import { isRoomKnown, participantInPath, roomInPath } from '../http/path-sid.ts'
import { roomPath } from './rooms.ts'

/** The Participant resource as it is served: one stay of one identity. */
export const Participant = Type.Object(
  { ...ParticipantRecord.properties, url: Type.String({ format: 'uri' }) },
  { $id: 'Participant' },
)

export const listParticipants = list({
  id: 'ListVideoParticipantSummary',
  tag: 'Participants',
  path: participantsPath('{RoomSid}'),
  summary: 'List the participants of a room, by join time, then SID',
  description:
    "Each entry is one stay: a person who leaves and joins again is another participant with the same identity. The room is named by its SID, or by LiveKit's own id (RM_…).",
  ...{ key: 'participants', item: Participant, filters: {} },
  owner: roomInPath,
  pathOf: ({ roomSid }) => participantsPath(roomSid),
  page: ({ store }, room, _filters, page) => store.records.participants(room, page),
  isKnown: isRoomKnown,
  render(url) {
    const prefix = `,"url":${JSON.stringify(`${url}/`).slice(0, -1)}`
    return ({ record, sid }) => `${record.slice(0, -1)}${prefix}${sid}"}`
  },
})

export const fetchParticipant: Operation = {
  id: 'FetchVideoParticipantSummary',
  tag: 'Participants',
  method: 'GET',
  path: participantPath('{RoomSid}', '{ParticipantSid}'),
  summary: 'Fetch a participant',
  description: "Room and participant are named by their SIDs, or by LiveKit's own ids (RM_…, PA_…).",
  parameters: {},
  response: Participant,

  async run(context, request) {
    const { roomSid, participantSid, record } = await participantInPath(request, context)
    const url = request.baseUrl + participantPath(roomSid, participantSid)
    return `${record.slice(0, -1)},"url":${JSON.stringify(url)}}`
  },
}

/** The path of the participants of a room. */
export function participantsPath(roomSid: string): string {
  return `${roomPath(roomSid)}/Participants`
}

/** The path of a participant. */
export function participantPath(roomSid: string, participantSid: string): string {
  return `${participantsPath(roomSid)}/${participantSid}`
}

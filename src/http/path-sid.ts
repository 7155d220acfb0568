import { PARTICIPANT_SID, participantSid, ROOM_SID, roomSid } from '../sid.ts'
import type { ApiRequest } from './operation.ts'

const NATIVE_ROOM = /^RM_[A-Za-z0-9]+$/
const NATIVE_PARTICIPANT = /^PA_[A-Za-z0-9]+$/

/** The room that a path names by its SID or by LiveKit's own id; undefined for anything else. */
export function roomInPath({ accountSid, params }: ApiRequest): string | undefined {
  const named = params['RoomSid'] ?? ''
  if (NATIVE_ROOM.test(named)) return roomSid(accountSid, 'livekit', named)
  return ROOM_SID.test(named) ? named : undefined
}

/** The participant that a path names by its SID or by LiveKit's own id; undefined for anything else. */
export function participantInPath({ params }: ApiRequest, room: string): string | undefined {
  const named = params['ParticipantSid'] ?? ''
  if (NATIVE_PARTICIPANT.test(named)) return participantSid(room, named)
  return PARTICIPANT_SID.test(named) ? named : undefined
}

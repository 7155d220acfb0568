import { PARTICIPANT_SID, participantSid, ROOM_SID, roomSid } from '../sid.ts'
import type { RoomKey } from '../store/rooms/room-key.ts'
import { ApiError } from './errors.ts'
import type { ApiContext, ApiRequest } from './operation.ts'

const NATIVE_ROOM = /^RM_[A-Za-z0-9]+$/
const NATIVE_PARTICIPANT = /^PA_[A-Za-z0-9]+$/

/** A participant that the store has. */
export interface FoundParticipant {
  readonly accountSid: string
  readonly roomSid: string
  readonly participantSid: string
  /** The resource as it is stored, as JSON. */
  readonly record: string
}

/**
 * The room that the path names by its SID or by LiveKit's own id; there may be no such room. Throws ApiError `notFound`
 * for a name of any other form.
 */
export function roomInPath({ accountSid, params }: ApiRequest): RoomKey {
  const named = params['RoomSid'] ?? ''
  if (NATIVE_ROOM.test(named)) return { accountSid, roomSid: roomSid(accountSid, 'livekit', named) }
  if (ROOM_SID.test(named)) return { accountSid, roomSid: named }
  throw new ApiError('notFound')
}

/** True if there is such a room. */
export async function isRoomKnown({ store }: ApiContext, room: RoomKey): Promise<boolean> {
  return (await store.records.room(room)) !== undefined
}

/** The participant that the path names by its SID or by LiveKit's own id. Throws ApiError `notFound`. */
export async function participantInPath(
  request: ApiRequest,
  { store }: ApiContext,
): Promise<FoundParticipant> {
  const room = roomInPath(request)
  const named = request.params['ParticipantSid'] ?? ''
  const sid = NATIVE_PARTICIPANT.test(named) ? participantSid(room.roomSid, named) : named
  const found = PARTICIPANT_SID.test(sid) ? await store.records.participant(room, sid) : undefined
  if (found === undefined) throw new ApiError('notFound')
  return { ...found, accountSid: room.accountSid }
}

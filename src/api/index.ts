import type { Operation } from '../http/operation.ts'
import { listParticipantEvents, listRoomEvents } from './events.ts'
import { fetchParticipant, listParticipants } from './participants.ts'
import { fetchRoom, listRooms } from './rooms.ts'

/** Every operation of the API, a line each: routes, OpenAPI and the contract tests follow. */
export const operations: readonly Operation[] = [
  listRooms,
  fetchRoom,
  listRoomEvents,
  listParticipants,
  fetchParticipant,
  listParticipantEvents,
]

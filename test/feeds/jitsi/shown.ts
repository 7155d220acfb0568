import type { TestServer } from '../../support/test-server.ts'
import { type ServedParticipant, servedParticipants, servedRooms } from '../served.ts'
import { START_SEC } from './stories.ts'

/** A served time as seconds since the start of the stories. */
export function secOf(timestamp: string | null): number | null {
  return timestamp === null ? null : Date.parse(timestamp) / 1000 - START_SEC
}

/** A stay in short: identity, join, leave, end reason, and which of these are inferred. */
export function stayShown(one: ServedParticipant) {
  const { participant_identity, join_time, leave_time, end_reason, properties } = one
  const inferred = properties.inferred.filter(field => !/^(?:duration_sec|error_code)$/.test(field))
  return [participant_identity, secOf(join_time), secOf(leave_time), end_reason, inferred.join(' ')]
}

/** All rooms by start: main or breakout room, start and end, which of these are inferred, and the stays in short. */
export async function roomsShown(server: TestServer) {
  const rooms = (await servedRooms(server)).toReversed().map(async room => {
    const { breakout_of } = room.properties
    const inferred = room.properties.inferred.filter(field => field.endsWith('_time')).join(' ')
    const stays = (await servedParticipants(server, room.room_sid)).map(stayShown)
    const kind = breakout_of === null ? 'main' : 'breakout'
    return { kind, times: [secOf(room.create_time), secOf(room.end_time)], inferred, stays }
  })
  return await Promise.all(rooms)
}

import twilio from 'twilio'
import { until } from '../support/until.ts'
import { ACCOUNT_SID, AUTH_TOKEN, ROLLCALL_URL } from './rollcall-server.ts'
import type { RoomSeen } from './story.ts'

const COMPLETE_LIMIT_MS = 20_000

/** What Rollcall says of a room, read through Twilio's own SDK. */
export interface RoomRecord {
  room: Awaited<ReturnType<ReturnType<typeof roomsOf>['fetch']>>
  participants: Awaited<ReturnType<ReturnType<typeof roomsOf>['participants']['list']>>
}

/** Waits until the room is completed, and reads it; where it never completes, reads it as it is. */
export async function readRecord({ roomSid }: RoomSeen): Promise<RoomRecord> {
  const room = roomsOf(roomSid)
  await until(`Rollcall to have ${roomSid} completed`, COMPLETE_LIMIT_MS, async () => {
    const found = await room.fetch().catch(() => undefined)
    return found?.roomStatus === 'completed' ? true : undefined
  }).catch(({ message }) => console.error(message))
  return { room: await room.fetch(), participants: await room.participants.list() }
}

/** A room may be named by LiveKit's own id. */
function roomsOf(roomSid: string) {
  const client = twilio(ACCOUNT_SID, AUTH_TOKEN)
  client.insights.baseUrl = ROLLCALL_URL
  return client.insights.v1.rooms(roomSid)
}

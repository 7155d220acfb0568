import twilio from 'twilio'
import { until } from '../support/until.ts'
import { ACCOUNT_SID, AUTH_TOKEN, ROLLCALL_URL } from './rollcall-server.ts'

const COMPLETE_LIMIT_MS = 20_000

/** The record of a room, read with Twilio's SDK. */
export interface RoomRecord {
  room: Awaited<ReturnType<ReturnType<typeof roomsOf>['fetch']>>
  participants: Awaited<ReturnType<ReturnType<typeof roomsOf>['participants']['list']>>
}

/** Waits until the room is completed, and reads it. After the time limit it reads the room as it is. */
export async function readRecord(
  roomSid: string,
  { url = ROLLCALL_URL, limitMs = COMPLETE_LIMIT_MS } = {},
): Promise<RoomRecord> {
  const room = roomsOf(roomSid, url)
  await until(`Rollcall to have ${roomSid} completed`, limitMs, async () => {
    const found = await room.fetch().catch(() => undefined)
    return found?.roomStatus === 'completed' ? true : undefined
  }).catch(({ message }) => console.error(message))
  return { room: await room.fetch(), participants: await room.participants.list() }
}

/** Waits until Rollcall lists this number of participants in the room, and reads it. */
export async function readRoomOf(count: number, roomSid: string, url: string): Promise<RoomRecord> {
  const room = roomsOf(roomSid, url)
  const participants = await until(`Rollcall to have ${count} in ${roomSid}`, COMPLETE_LIMIT_MS, async () => {
    const found = await room.participants.list().catch(() => [])
    return found.length >= count ? found : undefined
  })
  return { room: await room.fetch(), participants }
}

/** A room may be named by LiveKit's own id. */
function roomsOf(roomSid: string, url: string) {
  const client = twilio(ACCOUNT_SID, AUTH_TOKEN)
  client.insights.baseUrl = url
  return client.insights.v1.rooms(roomSid)
}

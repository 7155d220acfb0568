import twilio from 'twilio'
import { until } from '../../support/until.ts'
import { ACCOUNT_SID, AUTH_TOKEN } from '../rollcall-server.ts'
import type { RollcallHere } from './rollcalls.ts'

// A room that nobody closes ends when it was empty for 20 s, and a later sweep finds that.
const COMPLETE_LIMIT_MS = 60_000
const KNOWN_LIMIT_MS = 15_000

/** The record of one instance of a room, read with Twilio's SDK. */
export interface RoomRecord {
  room: Awaited<ReturnType<ReturnType<typeof clientOf>['rooms']['list']>>[number]
  participants: Awaited<ReturnType<typeof participantsOf>>
}

/** Waits until this number of rooms is completed, and reads all rooms, the oldest first. */
export async function readRecords({ way, url }: RollcallHere, instances: number): Promise<RoomRecord[]> {
  await until(`Rollcall to have ${instances} rooms completed`, COMPLETE_LIMIT_MS, async () => {
    const rooms = await clientOf(url).rooms.list()
    return rooms.filter(isCompleted).length === instances ? true : undefined
  }).catch(({ message }) => console.error(`By ${way}: ${message}`))
  const rooms = await clientOf(url).rooms.list()
  return Promise.all(
    rooms
      .toSorted((a, b) => (a.createTime?.getTime() ?? 0) - (b.createTime?.getTime() ?? 0))
      .map(async room => ({ room, participants: await participantsOf(url, room.roomSid) })),
  )
}

/** Waits until Rollcall lists a person in a room. Gives up without an error, since a missing row fails as a fact. */
export async function untilKnown(rollcall: RollcallHere, roomName: string, identity: string): Promise<void> {
  await until(`Rollcall to know of ${identity} in ${roomName}`, KNOWN_LIMIT_MS, async () => {
    const rooms = await clientOf(rollcall.url).rooms.list({ roomName })
    const rows = await Promise.all(rooms.map(({ roomSid }) => participantsOf(rollcall.url, roomSid)))
    return rows.flat().some(({ participantIdentity }) => participantIdentity === identity) || undefined
  }).catch(({ message }) => console.error(`By ${rollcall.way}: ${message}`))
}

function participantsOf(url: string, roomSid: string) {
  return clientOf(url).rooms(roomSid).participants.list()
}

function clientOf(url: string) {
  const client = twilio(ACCOUNT_SID, AUTH_TOKEN)
  client.insights.baseUrl = url
  return client.insights.v1
}

function isCompleted({ roomStatus }: { roomStatus: string }): boolean {
  return roomStatus === 'completed'
}

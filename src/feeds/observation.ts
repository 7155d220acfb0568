import {
  END_REASON_ERROR_CODES,
  type EndReason,
  type Event,
  type ParticipantFacts,
  type RoomFacts,
} from '../event.ts'
import { known } from './json.ts'

/** That nobody was in the room from `lastSignMs` on; the same event each time that is noticed. */
export function roomEmpty(of: {
  roomSid: string
  room?: RoomFacts
  lastSignMs: number
  atMs: number
}): Event {
  const { roomSid, room = {}, lastSignMs, atMs } = of
  const key = `empty|${roomSid}|${lastSignMs}`
  return { kind: 'observation.room_empty', key, atMs, roomSid, room, lastSignMs }
}

/** That a later room has the name, of which its server has one at a time; the same event each time. */
export function roomSuperseded(roomSid: string, atMs: number, endReason?: EndReason): Event {
  const common = { key: `superseded|${roomSid}`, atMs, roomSid, room: {} }
  return { kind: 'observation.room_superseded', ...common, ...(endReason === undefined ? {} : { endReason }) }
}

/** That nothing showed the participant from `lastSignMs` on; the same event each time that is noticed. */
export function participantSilent(of: {
  roomSid: string
  room?: RoomFacts
  participantSid: string
  participant?: ParticipantFacts
  lastSignMs: number
  atMs: number
  endReason: EndReason
}): Event {
  const { room = {}, participant = {}, participantSid, lastSignMs, endReason } = of
  return {
    kind: 'observation.participant_silent',
    key: `silent|${participantSid}|${lastSignMs}`,
    ...of,
    ...{ room, participant },
    ...known({ errorCode: END_REASON_ERROR_CODES[endReason] }),
  }
}

import type { EndReason, Event, ParticipantFacts, RoomFacts } from '../event.ts'
import { omitUndefined } from './json.ts'

/**
 * The observation that nobody was in a room from `lastSignMs` to `atMs` (unix milliseconds). Its key is the same
 * whenever the same emptiness is noticed, so that it is stored once.
 */
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

/**
 * The observation that a later room has the name of this one since `atMs` (unix milliseconds), on a server that gives a
 * name to one room at a time. Its key is the same whenever the same is noticed.
 */
export function roomSuperseded(roomSid: string, atMs: number, endReason?: EndReason): Event {
  const common = { key: `superseded|${roomSid}|${atMs}`, atMs, roomSid, room: {} }
  return { kind: 'observation.room_superseded', ...common, ...omitUndefined({ endReason }) }
}

/**
 * The observation that nothing showed a participant from `lastSignMs` to `atMs` (unix milliseconds). Its key is the
 * same whenever the same silence is noticed, so that it is stored once.
 */
export function participantSilent(of: {
  roomSid: string
  room?: RoomFacts
  participantSid: string
  participant?: ParticipantFacts
  lastSignMs: number
  atMs: number
  endReason: EndReason
}): Event {
  const { room = {}, participant = {}, participantSid, lastSignMs } = of
  const key = `silent|${participantSid}|${lastSignMs}`
  return { kind: 'observation.participant_silent', key, ...of, room, participant }
}

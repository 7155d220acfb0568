import type { TestServer } from '../../support/test-server.ts'
import { type ServedParticipant, type ServedRoom, servedParticipants, servedRooms } from '../served.ts'

/** Every room and every stay as the API serves them, one a line: `name from-to end reason (inferred fields)`. */
export async function toldBy(server: TestServer): Promise<string[]> {
  const lines: string[] = []
  for (const room of await roomsByStart(server)) {
    lines.push(roomLine(room))
    const people = await servedParticipants(server, room.room_sid)
    lines.push(...people.map(one => `  ${stayLine(one)}`))
  }
  return lines
}

/** Every stay as the API serves it, one a line. Kinds other than `person` are named. */
export async function staysToldBy(server: TestServer): Promise<string[]> {
  return (await toldBy(server)).filter(line => line.startsWith(' ')).map(line => line.trim())
}

/** Every room, the earliest first. */
export async function roomsByStart(server: TestServer): Promise<ServedRoom[]> {
  const rooms = await servedRooms(server)
  const orderOf = ({ create_time, end_time, room_sid }: ServedRoom) =>
    `${create_time} ${end_time} ${room_sid}`
  return rooms.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
}

function roomLine(room: ServedRoom): string {
  const { room_name, create_time, end_time, end_reason, properties } = room
  return words(`room ${room_name}`, spanOf(create_time, end_time), end_reason, inferredOf(properties))
}

function stayLine(stay: ServedParticipant): string {
  const { participant_identity, join_time, leave_time, end_reason, error_code, codecs, properties } = stay
  const span = spanOf(join_time, leave_time)
  const isPerson = properties.kind === 'person'
  const kind = isPerson ? null : properties.kind
  const unexpected = properties.counted === isPerson ? null : `counted: ${properties.counted}`
  return words(
    kind,
    participant_identity ?? '?',
    unexpected,
    span,
    end_reason,
    error_code,
    ...codecs,
    inferredOf(properties),
  )
}

function spanOf(from: string | null, to: string | null): string {
  return `${timeOf(from)}-${timeOf(to)}`
}

function timeOf(timestamp: string | null): string {
  return timestamp === null ? '' : timestamp.slice(11, 19)
}

function inferredOf({ inferred }: { inferred: string[] }): string | null {
  return inferred.length === 0 ? null : `(${inferred.join(' ')})`
}

function words(...all: (string | number | null)[]): string {
  return all.filter(word => word !== null && word !== '').join(' ')
}

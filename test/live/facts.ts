import { codecsSent } from './codecs-sent.ts'
import { type Fact, factsAbout } from './facts-about.ts'
import type { StaySeen } from './person.ts'
import type { RoomRecord } from './record.ts'
import type { RoomSeen } from './story.ts'

/** LiveKit states a join in milliseconds and a leave in seconds; the record shows both in seconds. */
const JOIN_TOLERANCE_SEC = 1
const LEAVE_TOLERANCE_SEC = 2

/** Rollcall's end reason for each reason of LiveKit, and Twilio's error code for it, if there is one. */
const END_REASONS: Record<string, { endReason: string; errorCode: number | null }> = {
  CLIENT_INITIATED: { endReason: 'client_left', errorCode: null },
  DUPLICATE_IDENTITY: { endReason: 'duplicate_identity', errorCode: 53205 },
  PARTICIPANT_REMOVED: { endReason: 'disconnected_via_api', errorCode: null },
  ROOM_DELETED: { endReason: 'room_ended_via_api', errorCode: 53118 },
  CONNECTION_TIMEOUT: { endReason: 'connection_lost', errorCode: 53405 },
  SIGNAL_CLOSE: { endReason: 'connection_lost', errorCode: 53001 },
}

/** The ending of a participant who never got in: the join failed, whatever ended the attempt. */
const NEVER_GOT_IN = { endReason: 'join_failed', errorCode: 53104 }

/** Compares the record of a room, row by row, with what the test saw. */
export function factsOf(seen: RoomSeen, { room, participants }: RoomRecord): Fact[] {
  const whoGotIn = seen.stays.filter(({ gotIn }) => gotIn)
  const durations = participants.map(({ durationSec }) => durationSec ?? 0)
  const about = factsAbout(seen.name)
  return [
    about.same('name', seen.name.split(',')[0], room.roomName),
    about.same('status', 'completed', room.roomStatus),
    about.moment('create_time', seen.startedAtMs, room.createTime, JOIN_TOLERANCE_SEC),
    about.moment('end_time', seen.endedAtMs, room.endTime, LEAVE_TOLERANCE_SEC),
    about.same('end_reason', seen.endedByApi ? 'room_ended_via_api' : null, room.endReason),
    about.same('codecs', codecsOf(seen.stays), room.codecs),
    about.same('unique_participants', whoGotIn.length, room.uniqueParticipants),
    about.same(
      'unique_participant_identities',
      new Set(whoGotIn.map(({ identity }) => identity)).size,
      room.uniqueParticipantIdentities,
    ),
    about.same('concurrent_participants', seen.peak, room.concurrentParticipants),
    about.same('total_participant_duration_sec', sum(durations), room.totalParticipantDurationSec),
    about.same('rows', seen.stays.length, participants.length),
    ...seen.stays
      .toSorted((a, b) => a.joinedAtMs - b.joinedAtMs)
      .flatMap(stay => factsOfStay(seen, stay, participants)),
  ]
}

/** The failed fact that the record of a room cannot be read. */
export function noRecord({ name }: RoomSeen, error: unknown): Fact {
  return factsAbout(name).same('record', 'found', error)
}

function factsOfStay(seen: RoomSeen, stay: StaySeen, rows: RoomRecord['participants']): Fact[] {
  const about = factsAbout(`${seen.name}: ${stay.identity} ${stay.participantSid}`)
  const row = rows.find(({ properties }) => properties?.native_participant_sid === stay.participantSid)
  if (!row) return [about.same('row', 'present', 'absent')]
  const end = stay.gotIn ? END_REASONS[stay.reason] : NEVER_GOT_IN
  // A failed attempt has a duration of 0.
  const leftAtMs = stay.gotIn ? stay.leftAtMs : stay.joinedAtMs
  return [
    about.same('identity', stay.identity, row.participantIdentity),
    about.same('status', 'completed', row.status),
    about.moment('join_time', stay.joinedAtMs, row.joinTime, JOIN_TOLERANCE_SEC),
    about.moment('leave_time', leftAtMs, row.leaveTime, LEAVE_TOLERANCE_SEC),
    about.same('duration_sec', secondsBetween(row.joinTime, row.leaveTime), row.durationSec),
    about.same('end_reason', end?.endReason ?? `(unforeseen: ${stay.reason})`, row.endReason),
    about.same('error_code', end?.errorCode ?? null, row.errorCode),
    about.same('codecs', codecsOf([stay]), row.codecs),
  ]
}

function codecsOf(stays: StaySeen[]): string[] {
  return codecsSent(stays.flatMap(({ mimeTypes }) => mimeTypes))
}

function secondsBetween(from: Date | null, to: Date | null): number | null {
  return from && to ? (to.getTime() - from.getTime()) / 1000 : null
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

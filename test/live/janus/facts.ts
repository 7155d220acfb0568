import { codecsSent } from '../codecs-sent.ts'
import { type Fact, factsAbout } from '../facts-about.ts'
import type { End, StaySeen } from './person.ts'
import type { RoomRecord } from './record.ts'
import type { RoomSeen } from './story.ts'

/** Two processes of one machine note the times in milliseconds; the record shows seconds. */
const TOLERANCE_SEC = 1
/** Janus sends statistics every second, so that the last sign may be that much before the crash. */
const LAST_SIGN_TOLERANCE_SEC = 2

/** Janus states no leave for participants whose room is destroyed or whose Janus crashes. */
const ENDINGS: Record<End, { endReason: string; errorCode: number | null; inferred: string[] }> = {
  left: { endReason: 'client_left', errorCode: null, inferred: [] },
  lost: { endReason: 'connection_lost', errorCode: 53001, inferred: [] },
  kicked: { endReason: 'disconnected_via_api', errorCode: null, inferred: [] },
  destroyed: { endReason: 'room_ended_via_api', errorCode: 53118, inferred: ['leave_time'] },
  crashed: { endReason: 'server_crash', errorCode: null, inferred: ['leave_time'] },
}

type Row = RoomRecord['participants'][number]

/** Compares the records of one Rollcall, room by room, with what the test saw. */
export function factsOf(way: string, seen: RoomSeen[], records: RoomRecord[]): Fact[] {
  const about = factsAbout(`By ${way}`)
  return [
    about.same('rooms', seen.length, records.length),
    ...seen.flatMap(room => {
      const subject = `By ${way}, room ${room.label}`
      // The instances of one room are matched by their order.
      const nth = seen.filter(
        ({ id, startedAtMs }) => id === room.id && startedAtMs < room.startedAtMs,
      ).length
      const record = records.filter(({ room: { roomName } }) => roomName === String(room.id))[nth]
      return record
        ? factsOfRoom(subject, room, record)
        : [factsAbout(subject).same('record', 'found', 'none')]
    }),
  ]
}

/** The failed fact that the records cannot be read. */
export function noRecords(way: string, error: unknown): Fact {
  return factsAbout(`By ${way}`).same('records', 'read', error)
}

function factsOfRoom(subject: string, seen: RoomSeen, { room, participants }: RoomRecord): Fact[] {
  const { stays } = seen
  const about = factsAbout(subject)
  const endTolerance = stays.some(({ end }) => end === 'crashed') ? LAST_SIGN_TOLERANCE_SEC : TOLERANCE_SEC
  const durations = participants.map(({ durationSec }) => durationSec ?? 0)
  return [
    about.same('name', String(seen.id), room.roomName),
    about.same('status', 'completed', room.roomStatus),
    about.moment('create_time', seen.startedAtMs, room.createTime, TOLERANCE_SEC),
    about.moment('end_time', seen.endedAtMs, room.endTime, endTolerance),
    about.same('end_reason', seen.endedByApi ? 'room_ended_via_api' : null, room.endReason),
    about.same('codecs', codecsOf(stays), room.codecs),
    about.same('unique_participants', stays.length, room.uniqueParticipants),
    about.same('unique_participant_identities', identitiesOf(stays).size, room.uniqueParticipantIdentities),
    about.same('concurrent_participants', seen.peak, room.concurrentParticipants),
    about.same(
      'total_participant_duration_sec',
      durations.reduce((total, duration) => total + duration, 0),
      room.totalParticipantDurationSec,
    ),
    about.same('rows', stays.length, participants.length),
    ...[...identitiesOf(stays)].flatMap(identity => factsOfPerson(subject, identity, stays, participants)),
  ]
}

/** Compares the stays of one identity. They are matched by time, since the record need not show Janus's ids. */
function factsOfPerson(subject: string, identity: string, stays: StaySeen[], rows: Row[]): Fact[] {
  const rowsOfHers = rows
    .filter(({ participantIdentity }) => participantIdentity === identity)
    .toSorted((a, b) => (a.joinTime?.getTime() ?? 0) - (b.joinTime?.getTime() ?? 0))
  return stays
    .filter(stay => stay.identity === identity)
    .toSorted((a, b) => a.joinedAtMs - b.joinedAtMs)
    .flatMap((stay, index) => {
      const which = index === 0 ? identity : `${identity}, again`
      return factsOfStay(`${subject}: ${which} (${stay.end})`, stay, rowsOfHers[index])
    })
}

function factsOfStay(subject: string, stay: StaySeen, row: Row | undefined): Fact[] {
  const about = factsAbout(subject)
  if (!row) return [about.same('row', 'present', 'absent')]
  const { endReason, errorCode, inferred } = ENDINGS[stay.end]
  const leaveTolerance = stay.end === 'crashed' ? LAST_SIGN_TOLERANCE_SEC : TOLERANCE_SEC
  return [
    about.same('display_name', stay.display, row.properties?.display_name ?? null),
    about.same('feed', 'janus', row.properties?.feed),
    about.same('status', 'completed', row.status),
    about.moment('join_time', stay.joinedAtMs, row.joinTime, TOLERANCE_SEC),
    about.moment('leave_time', stay.leftAtMs, row.leaveTime, leaveTolerance),
    about.same('duration_sec', secondsBetween(row.joinTime, row.leaveTime), row.durationSec),
    about.same('end_reason', endReason, row.endReason),
    about.same('error_code', errorCode, row.errorCode),
    about.same('codecs', codecsOf([stay]), row.codecs),
    about.same('inferred times', inferred, inferredTimesOf(row)),
  ]
}

/** The inferred times. Which other fields are inferred depends on the feed. */
function inferredTimesOf({ properties }: Row): string[] {
  const inferred: string[] = properties?.inferred ?? []
  return inferred.filter(field => field === 'join_time' || field === 'leave_time')
}

function identitiesOf(stays: StaySeen[]): Set<string> {
  return new Set(stays.toSorted((a, b) => a.joinedAtMs - b.joinedAtMs).map(({ identity }) => identity))
}

function codecsOf(stays: StaySeen[]): string[] {
  return codecsSent(stays.flatMap(({ mimeTypes }) => mimeTypes))
}

function secondsBetween(from: Date | null, to: Date | null): number | null {
  return from && to ? (to.getTime() - from.getTime()) / 1000 : null
}

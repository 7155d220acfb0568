import Type from 'typebox'
import {
  CODECS,
  CREATED_METHODS,
  EDGE_LOCATIONS,
  MEDIA_REGIONS,
  ROOM_END_REASONS,
  ROOM_TYPES,
} from '../event.ts'
import type { RoomNumbers } from './numbers.ts'
import { mappedRegion, type RecordSettings } from './participant-record.ts'
import { isRecorded, recordedSec } from './recorded.ts'
import { union } from './register.ts'
import { type RoomState, roomEndOf, roomStartMs } from './room.ts'
import type { RoomEnd } from './room-end.ts'
import { codecsShown, METADATA_DESCRIPTION, nullable, secondOf, Timestamp, timestamp } from './shown.ts'

/** The statuses of a room in Twilio's API. */
export const ROOM_STATUSES = ['in_progress', 'completed'] as const
/** The processing states of a room in Twilio's API. Rollcall writes `complete` and `in_progress`. */
export const PROCESSING_STATES = ['complete', 'in_progress', 'timeout', 'not_started'] as const

const Count = Type.Integer({ minimum: 0 })

/**
 * The Room resource as it is stored: without `url` and `links`, which depend on the request.
 * The fields are those of `video_room_summary` in the OpenAPI document of Twilio Insights v1, and `properties` of
 * Rollcall's own.
 */
export const RoomRecord = Type.Object({
  account_sid: Type.String({ pattern: '^AC[0-9a-fA-F]{32}$' }),
  room_sid: Type.String({ pattern: '^RM[0-9a-fA-F]{32}$', description: 'SID of this instance of the room' }),
  room_name: nullable(Type.String()),
  create_time: Timestamp,
  end_time: nullable(Timestamp),
  room_type: nullable(Type.Enum([...ROOM_TYPES])),
  room_status: Type.Enum([...ROOM_STATUSES]),
  status_callback: nullable(Type.String()),
  status_callback_method: nullable(Type.Enum(['GET', 'POST'])),
  created_method: nullable(Type.Enum([...CREATED_METHODS])),
  end_reason: nullable(Type.Enum([...ROOM_END_REASONS])),
  max_participants: nullable(Count),
  unique_participants: Type.Integer({ minimum: 0, description: 'Stays of people who got in' }),
  unique_participant_identities: Type.Integer({ minimum: 0, description: 'Distinct identities among them' }),
  concurrent_participants: Type.Integer({ minimum: 0, description: 'The most that were there at once' }),
  max_concurrent_participants: nullable(Count),
  codecs: Type.Array(Type.Enum([...CODECS])),
  media_region: nullable(Type.Enum([...MEDIA_REGIONS])),
  duration_sec: nullable(Type.Integer({ minimum: 0, description: 'end_time less create_time' })),
  total_participant_duration_sec: Type.Integer({
    minimum: 0,
    description: "Sum of the people's duration_sec",
  }),
  total_recording_duration_sec: nullable(Count),
  processing_state: Type.Enum([...PROCESSING_STATES]),
  recording_enabled: nullable(Type.Boolean()),
  edge_location: nullable(Type.Enum([...EDGE_LOCATIONS])),
  properties: Type.Object({
    feed: Type.String({ description: 'Kind of the feed that reported the room' }),
    native_room_sid: nullable(Type.String()),
    region: nullable(Type.String({ description: "The media server's own word for its region" })),
    metadata: nullable(Type.String({ description: METADATA_DESCRIPTION })),
    breakout_of: nullable(
      Type.String({ description: 'For a breakout room: the native id of the room that it belongs to' }),
    ),
    inferred: Type.Array(Type.String(), { description: 'Fields of this record that no event stated' }),
  }),
})

export type RoomRecord = Type.Static<typeof RoomRecord>

/** The Room resource of one room. Pure. `duration_sec` is the difference of the two times that are shown. */
export function roomRecord(
  names: { accountSid: string; roomSid: string },
  state: RoomState,
  numbers: RoomNumbers,
  settings: RecordSettings,
): RoomRecord {
  const createSec = secondOf(roomStartMs(state))
  const end = roomEndOf(state)
  const endSec = end && Math.max(secondOf(end.atMs), createSec)
  const region = state.region?.value ?? null
  const status = endSec === undefined ? 'in_progress' : 'completed'
  return {
    account_sid: names.accountSid,
    room_sid: names.roomSid,
    room_name: state.name?.value ?? null,
    create_time: timestamp(createSec),
    end_time: timestamp(endSec),
    room_type: state.type?.value ?? null,
    room_status: status,
    status_callback: state.statusCallback?.value ?? null,
    status_callback_method: state.statusCallbackMethod?.value ?? null,
    created_method: state.createdMethod?.value ?? null,
    end_reason: end?.roomReason ?? null,
    max_participants: state.maxParticipants?.value ?? null,
    unique_participants: numbers.uniqueParticipants,
    unique_participant_identities: numbers.uniqueIdentities,
    concurrent_participants: numbers.peak,
    max_concurrent_participants: state.maxParticipants?.value ?? null,
    codecs: codecsShown(union(numbers.codecs, state.codecs)),
    media_region: state.mediaRegion?.value ?? mappedRegion(settings, region),
    duration_sec: endSec === undefined ? null : endSec - createSec,
    total_participant_duration_sec: numbers.totalDurationSec,
    total_recording_duration_sec: recordedSec(state) ?? null,
    processing_state: endSec === undefined ? 'in_progress' : 'complete',
    recording_enabled: isRecorded(state) ?? null,
    edge_location: state.edgeLocation?.value ?? null,
    properties: {
      feed: state.feedKind,
      native_room_sid: state.nativeKey ?? null,
      region,
      metadata: state.metadata?.value || null,
      breakout_of: state.breakoutOf ?? null,
      inferred: [...inferredFields(state, createSec, end), ...inferredNumbers(numbers)].sort(),
    },
  }
}

/** The times that no event stated. A stated end before the start is shown at the start, and then it is inferred. */
function inferredFields(state: RoomState, createSec: number, end: RoomEnd | undefined): string[] {
  const fields = state.startedAtMs === undefined ? ['create_time'] : []
  if (end === undefined) return fields
  if (end.inferred || secondOf(end.atMs) < createSec) fields.push('end_time')
  return fields.length === 0 ? [] : [...fields, 'duration_sec']
}

/** The numbers that depend on a stay whose join or leave is inferred. */
function inferredNumbers({ inferredStays = 0 }: RoomNumbers): string[] {
  return inferredStays === 0 ? [] : ['concurrent_participants', 'total_participant_duration_sec']
}

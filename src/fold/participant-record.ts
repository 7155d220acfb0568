import Type from 'typebox'
import { CODECS, EDGE_LOCATIONS, MEDIA_REGIONS, type MediaRegion, PARTICIPANT_KINDS } from '../event.ts'
import { errorCodeOf } from './ending.ts'
import { identityOf, type ParticipantState } from './participant.ts'
import { codecsShown, METADATA_DESCRIPTION, nullable, secondOf, Timestamp, timestamp } from './shown.ts'
import type { Stay } from './stay.ts'

/** The statuses of a participant in Twilio's API. Rollcall writes `in_progress` and `completed`. */
export const PARTICIPANT_STATUSES = ['in_progress', 'connected', 'completed', 'disconnected'] as const

/**
 * The Participant resource as it is stored: without `url`, which depends on the request.
 * The fields are those of `video_participant_summary` in the OpenAPI document of Twilio Insights v1. Of `properties`,
 * Twilio has the three `num_*` keys, `record_on_connect` and `is_adhoc`; the others are Rollcall's own.
 */
export const ParticipantRecord = Type.Object({
  participant_sid: Type.String({ pattern: '^PA[0-9a-fA-F]{32}$', description: 'SID of this stay' }),
  participant_identity: nullable(Type.String({ description: "The application's name for the participant" })),
  join_time: nullable(Timestamp),
  leave_time: nullable(Timestamp),
  duration_sec: nullable(
    Type.Integer({ minimum: 0, description: 'leave_time less join_time; null while in the room' }),
  ),
  account_sid: Type.String({ pattern: '^AC[0-9a-fA-F]{32}$' }),
  room_sid: Type.String({ pattern: '^RM[0-9a-fA-F]{32}$' }),
  status: Type.Enum([...PARTICIPANT_STATUSES]),
  codecs: Type.Array(Type.Enum([...CODECS])),
  end_reason: nullable(Type.String({ description: 'Why the stay ended; null while in the room or unknown' })),
  error_code: nullable(
    Type.Integer({ description: "Twilio's error number for the end reason, if it has one" }),
  ),
  error_code_url: nullable(Type.String()),
  media_region: nullable(Type.Enum([...MEDIA_REGIONS])),
  properties: Type.Object(
    {
      feed: Type.String({ description: 'Kind of the feed that reported the room' }),
      native_room_sid: nullable(Type.String()),
      native_participant_sid: nullable(Type.String()),
      kind: Type.Enum([...PARTICIPANT_KINDS]),
      counted: Type.Boolean({ description: "Whether the stay counts in the room's numbers" }),
      display_name: nullable(Type.String()),
      attributes: Type.Record(Type.String(), Type.String()),
      metadata: nullable(Type.String({ description: METADATA_DESCRIPTION })),
      codecs: Type.Array(Type.String(), {
        description: "Every codec reported, including those that Twilio's API does not name",
      }),
      region: nullable(Type.String({ description: "The media server's own word for its region" })),
      inferred: Type.Array(Type.String(), { description: 'Fields of this record that no event stated' }),
      num_audio_tracks: Type.Integer(),
      num_video_tracks: Type.Integer(),
      num_data_tracks: Type.Integer(),
      record_on_connect: nullable(Type.Boolean()),
      is_adhoc: nullable(Type.Boolean()),
    },
    { additionalProperties: true },
  ),
  edge_location: nullable(Type.Enum([...EDGE_LOCATIONS])),
  publisher_info: Type.Record(Type.String(), Type.String()),
})

export type ParticipantRecord = Type.Static<typeof ParticipantRecord>

/** The operator's settings for records. A change applies to a record when it is computed again. */
export interface RecordSettings {
  /** Twilio's media region for each region of the media server. */
  readonly mediaRegions: Readonly<Record<string, MediaRegion>>
  /** The participant attribute that each key of `publisher_info` is read from. */
  readonly publisherAttributes: Readonly<Record<string, string>>
  /** The kinds of feeds that state an error code with each end reason that has one. */
  readonly kindsWithErrorCodes?: readonly string[]
}

interface Names {
  accountSid: string
  roomSid: string
  participantSid: string
  feedKind: string
  nativeRoomSid: string | undefined
}

/** The Participant resource of one stay. Pure. `duration_sec` is the difference of the two times that are shown. */
export function participantRecord(
  names: Names,
  state: ParticipantState,
  stay: Stay,
  settings: RecordSettings,
): ParticipantRecord {
  const joinSec = secondOf(stay.joinMs)
  const leaveSec = secondOf(stay.leaveMs)
  const errorCode = shownErrorCode(names.feedKind, stay, settings) ?? null
  const region = state.region?.value ?? null
  return {
    participant_sid: names.participantSid,
    participant_identity: identityOf(state) ?? null,
    join_time: timestamp(joinSec),
    leave_time: timestamp(leaveSec),
    duration_sec: joinSec === undefined || leaveSec === undefined ? null : leaveSec - joinSec,
    account_sid: names.accountSid,
    room_sid: names.roomSid,
    status: stay.leaveMs === undefined ? 'in_progress' : 'completed',
    codecs: codecsShown(state.codecs),
    end_reason: stay.ending.reason ?? null,
    error_code: errorCode,
    error_code_url: errorCode === null ? null : `https://www.twilio.com/docs/api/errors/${errorCode}`,
    media_region: state.mediaRegion?.value ?? mappedRegion(settings, region),
    properties: {
      feed: names.feedKind,
      native_room_sid: names.nativeRoomSid ?? null,
      native_participant_sid: state.nativeKey ?? null,
      kind: state.kind?.value ?? 'person',
      counted: stay.counted,
      display_name: state.displayName?.value ?? null,
      attributes: state.attributes?.value ?? {},
      metadata: state.metadata?.value || null,
      codecs: [...state.codecs],
      region,
      inferred: [...stay.inferred],
      num_audio_tracks: countTracks(state, 'audio'),
      num_video_tracks: countTracks(state, 'video'),
      num_data_tracks: countTracks(state, 'data'),
      record_on_connect: null,
      is_adhoc: null,
      ...state.properties?.value,
    },
    edge_location: state.edgeLocation?.value ?? null,
    publisher_info: publisherInfo(state, settings),
  }
}

/** Twilio's media region for a region of the media server; null if the settings have none. */
export function mappedRegion({ mediaRegions }: RecordSettings, region: string | null): MediaRegion | null {
  return region !== null && Object.hasOwn(mediaRegions, region) ? (mediaRegions[region] ?? null) : null
}

/**
 * Where a feed states error codes itself, a stated reason without a code has none. Any other reason gets its code from
 * END_REASON_ERROR_CODES, unless the source states another.
 */
function shownErrorCode(
  feedKind: string,
  { ending, inferred }: Stay,
  { kindsWithErrorCodes = [] }: RecordSettings,
): number | undefined {
  const isWhole = kindsWithErrorCodes.includes(feedKind) && !inferred.includes('end_reason')
  return isWhole ? ending.errorCode : errorCodeOf(ending)
}

function countTracks(state: ParticipantState, kind: string): number {
  return Object.values(state.tracks).filter(track => track.value === kind).length
}

function publisherInfo(state: ParticipantState, settings: RecordSettings): Record<string, string> {
  const attributes = state.attributes?.value ?? {}
  const named = Object.entries(settings.publisherAttributes).flatMap(([key, attribute]) => {
    const value = attributes[attribute]
    return value === undefined ? [] : [[key, value] as const]
  })
  return { ...Object.fromEntries(named), ...state.publisherInfo?.value }
}

import Type from 'typebox'
import { CODECS, EDGE_LOCATIONS, MEDIA_REGIONS, type MediaRegion, PARTICIPANT_KINDS } from '../event.ts'
import type { ParticipantState } from './participant.ts'
import { codecsShown, nullable, secondOf, Timestamp, timestamp } from './shown.ts'
import type { Stay } from './stay.ts'

export const PARTICIPANT_STATUSES = ['in_progress', 'connected', 'completed', 'disconnected'] as const

/**
 * The Participant resource as it is kept: all of it but `url`, which depends on who asks.
 * Source of the fields: the published OpenAPI of Twilio Insights v1, `video_participant_summary`;
 * what `properties` holds beyond Twilio's five keys is ours.
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
      feed: Type.String({ description: 'Kind of the feed that told of the room' }),
      native_room_sid: nullable(Type.String()),
      native_participant_sid: nullable(Type.String()),
      kind: Type.Enum([...PARTICIPANT_KINDS]),
      counted: Type.Boolean({ description: "Whether the stay counts in the room's numbers" }),
      display_name: nullable(Type.String()),
      attributes: Type.Record(Type.String(), Type.String()),
      codecs: Type.Array(Type.String(), {
        description: 'Every codec heard, also those outside the contract',
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

/** What the operator says of regions and clients; applied when a record is made. */
export interface RecordSettings {
  /** The media server's region → a media region of the contract. */
  readonly mediaRegions: Readonly<Record<string, MediaRegion>>
  /** Key of `publisher_info` → the participant attribute that holds it. */
  readonly publisherAttributes: Readonly<Record<string, string>>
}

interface Names {
  accountSid: string
  roomSid: string
  participantSid: string
  feedKind: string
  nativeRoomSid: string | undefined
}

/** The resource of one stay. Pure; durations are computed from the seconds shown. */
export function participantRecord(
  names: Names,
  state: ParticipantState,
  stay: Stay,
  settings: RecordSettings,
): ParticipantRecord {
  const joinSec = secondOf(stay.joinMs)
  const leaveSec = secondOf(stay.leaveMs)
  const errorCode = stay.ending.errorCode ?? null
  const region = state.region?.value ?? null
  return {
    participant_sid: names.participantSid,
    participant_identity: state.identity?.value ?? null,
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
      codecs: state.codecs,
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

/** The media region that the settings name for the server's own. */
export function mappedRegion({ mediaRegions }: RecordSettings, region: string | null): MediaRegion | null {
  return region !== null && Object.hasOwn(mediaRegions, region) ? (mediaRegions[region] ?? null) : null
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

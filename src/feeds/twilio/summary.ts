import {
  CREATED_METHODS,
  codecName,
  EDGE_LOCATIONS,
  type Event,
  isOneOf,
  MEDIA_REGIONS,
  type ParticipantFacts,
  ROOM_TYPES,
  type RoomFacts,
} from '../../event.ts'
import { PARTICIPANT_SID, ROOM_SID } from '../../sid.ts'
import { type CloudEvent, eventKey } from '../cloud-event.ts'
import { countOf, dateOf, idOf, type Json, objectOf, omitUndefined, textOf, textsOf } from '../json.ts'

const FLAGS = ['record_on_connect', 'is_adhoc']
const COUNTS = ['num_audio_tracks', 'num_video_tracks', 'num_data_tracks']

/** The SID of the account whose room a summary describes. */
export function summaryAccount(data: Json): string | undefined {
  return textOf(data['account_sid'])
}

/**
 * The events of one Event Streams summary: one for the beginning that it states, and one for the end if it states one.
 * Empty for other types, and for a summary that lacks a SID or its beginning.
 * Source: twilio.com/docs/events/event-types/video-insights.
 */
export function summaryEvents(summary: CloudEvent, data: Json): Event[] {
  const roomSid = textOf(data['room_sid']) ?? ''
  if (!/^com\.twilio\.video\.insights\./.test(summary.type) || !ROOM_SID.test(roomSid)) return []
  const key = eventKey(summary)
  if (/\broom-summary\b/.test(summary.type)) return roomEvents(key, roomSid, data)
  if (/\bparticipant-summary\b/.test(summary.type)) return participantEvents(key, roomSid, data)
  return []
}

function roomEvents(key: string, roomSid: string, data: Json): Event[] {
  const startedAtMs = dateOf(data['create_time'])
  const endedAtMs = dateOf(data['end_time'])
  if (startedAtMs === undefined) return []
  const room = roomFacts(data)
  const started: Event = { kind: 'room.started', key: `${key}#started`, atMs: startedAtMs, roomSid, room }
  if (endedAtMs === undefined) return [started]
  const ending = omitUndefined({ endReason: textOf(data['end_reason']) })
  return [started, { kind: 'room.ended', key: `${key}#ended`, atMs: endedAtMs, roomSid, room, ...ending }]
}

function participantEvents(key: string, roomSid: string, data: Json): Event[] {
  const participantSid = textOf(data['participant_sid']) ?? ''
  const joinedAtMs = dateOf(data['join_time'])
  const leftAtMs = dateOf(data['leave_time'])
  if (!PARTICIPANT_SID.test(participantSid) || joinedAtMs === undefined) return []
  const room = omitUndefined({ name: textOf(data['room_name']), type: oneOf(ROOM_TYPES, data['room_type']) })
  const common = { roomSid, room, participantSid, participant: participantFacts(data, joinedAtMs) }
  const joined: Event = { kind: 'participant.joined', key: `${key}#joined`, atMs: joinedAtMs, ...common }
  if (leftAtMs === undefined) return [joined]
  const errorCode = countOf(data['error_code'])
  const ending = omitUndefined({
    endReason: textOf(data['end_reason']),
    errorCode: errorCode === 0 ? undefined : errorCode,
  })
  return [joined, { kind: 'participant.left', key: `${key}#left`, atMs: leftAtMs, ...common, ...ending }]
}

function roomFacts(data: Json): RoomFacts {
  return omitUndefined({
    name: textOf(data['room_name']),
    type: oneOf(ROOM_TYPES, data['room_type']),
    maxParticipants: countOf(data['max_participants']),
    mediaRegion: oneOf(MEDIA_REGIONS, data['media_region']),
    edgeLocation: oneOf(EDGE_LOCATIONS, data['edge_location']),
    createdMethod: oneOf(CREATED_METHODS, data['created_method']),
    statusCallback: textOf(data['status_callback']),
    statusCallbackMethod: oneOf(['GET', 'POST'] as const, data['status_callback_method']),
    recordingEnabled: flagOf(data['recording_enabled']),
    recordingDurationSec: countOf(data['total_recording_duration_sec']),
    codecs: codecsOf(data),
  })
}

function participantFacts(data: Json, joinedAtMs: number): ParticipantFacts {
  // Twilio sends two forms: one has the properties also at its top level, the other counts tracks in `tracks`.
  const { audio, video, data: dataTracks } = objectOf(data['tracks']) ?? {}
  const counted = { num_audio_tracks: audio, num_video_tracks: video, num_data_tracks: dataTracks }
  const properties: Json = { ...counted, ...data, ...objectOf(data['properties']) }
  const flags = FLAGS.map(name => [name, flagOf(properties[name])] as const)
  const counts = COUNTS.map(name => [name, countOf(properties[name])] as const)
  const stated: Record<string, boolean | number> = omitUndefined(Object.fromEntries([...flags, ...counts]))
  return omitUndefined({
    identity: idOf(data['participant_identity']),
    joinedAtMs,
    mediaRegion: oneOf(MEDIA_REGIONS, data['media_region']),
    edgeLocation: oneOf(EDGE_LOCATIONS, data['edge_location']),
    publisherInfo: textsOf(data['publisher_info']),
    codecs: codecsOf(data),
    properties: Object.keys(stated).length === 0 ? undefined : stated,
  })
}

function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function codecsOf(data: Json): string[] | undefined {
  const codecs = Array.isArray(data['codecs']) ? data['codecs'].flatMap(codec => textOf(codec) ?? []) : []
  return codecs.length === 0 ? undefined : codecs.map(codecName)
}

function oneOf<T extends string>(words: readonly T[], value: unknown): T | undefined {
  return isOneOf(words, value) ? value : undefined
}

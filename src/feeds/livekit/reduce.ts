import {
  codecName,
  END_REASON_ERROR_CODES,
  type EndReason,
  type Event,
  type ParticipantFacts,
  type ParticipantKind,
  type RoomFacts,
} from '../../event.ts'
import { participantSid, roomSid } from '../../sid.ts'
import { countOf, intOf, type Json, known, objectOf, textOf, textsOf } from '../json.ts'

/** Values of `livekit_models.proto` DisconnectReason, in their order. */
const DISCONNECT_REASONS: readonly (readonly [native: string, reason: EndReason, errorCode?: number])[] = [
  ['UNKNOWN_REASON', 'unknown'],
  ['CLIENT_INITIATED', 'client_left'],
  ['DUPLICATE_IDENTITY', 'duplicate_identity'],
  ['SERVER_SHUTDOWN', 'server_shutdown'],
  ['PARTICIPANT_REMOVED', 'disconnected_via_api'],
  ['ROOM_DELETED', 'room_ended_via_api'],
  ['STATE_MISMATCH', 'connection_lost'],
  ['JOIN_FAILURE', 'join_failed'],
  ['MIGRATION', 'moved'],
  ['SIGNAL_CLOSE', 'connection_lost'],
  ['ROOM_CLOSED', 'room_ended'],
  ['USER_UNAVAILABLE', 'rejected'],
  ['USER_REJECTED', 'rejected'],
  ['SIP_TRUNK_FAILURE', 'join_failed'],
  ['CONNECTION_TIMEOUT', 'connection_lost', 53405],
  ['MEDIA_FAILURE', 'media_failure'],
  ['AGENT_ERROR', 'unknown'],
]

/** An attempt that ended for one of these did not fail for another cause: it just never got in. */
const NO_CAUSE: readonly EndReason[] = ['unknown', 'client_left', 'connection_lost', 'room_ended']

/** Values of `livekit_models.proto` ParticipantInfo.Kind; 5 and 6 were never given out. */
const KINDS: Readonly<Record<string, ParticipantKind>> = {
  STANDARD: 'person',
  0: 'person',
  INGRESS: 'ingress',
  1: 'ingress',
  EGRESS: 'recorder',
  2: 'recorder',
  SIP: 'sip',
  3: 'sip',
  AGENT: 'agent',
  4: 'agent',
  CONNECTOR: 'connector',
  7: 'connector',
  BRIDGE: 'bridge',
  8: 'bridge',
}

/**
 * The canonical event of one LiveKit webhook; undefined where it names no room or no moment.
 * protojson leaves out what has its default value and writes 64-bit integers as text; both spellings of names are read.
 */
export function eventOf(payload: Json, key: string, accountSid: string): Event | undefined {
  const name = textOf(payload['event'])
  const room = roomOf(payload)
  const nativeRoomSid = textOf(room?.['sid'])
  const participant = objectOf(payload['participant'])
  const facts = room && roomFacts(room)
  const joinedAtMs = participant && msOf(participant, 'joinedAt')
  const atMs = secondsToMs(field(payload, 'createdAt')) ?? ownMoment(name, joinedAtMs, facts)
  if (room === undefined || facts === undefined || nativeRoomSid === undefined || atMs === undefined) {
    return undefined
  }
  const common = { key, atMs, roomSid: roomSid(accountSid, 'livekit', nativeRoomSid), room: facts }
  const ofRoom = roomEvent(name, payload, common)
  if (ofRoom !== undefined) return ofRoom

  const nativeKey = textOf(participant?.['sid'])
  // Egress, ingress and agent events, and those to come: evidence of the room, and nothing of a participant.
  if (participant === undefined || nativeKey === undefined) return { kind: 'room.updated', ...common }
  const ofParticipant = {
    ...common,
    participantSid: participantSid(common.roomSid, nativeKey),
    participant: participantFacts(participant),
  }
  return participantEvent(name, payload, ofParticipant) ?? { kind: 'room.updated', ...common }
}

/** Old servers send no createdAt: a start and a join tell their moment themselves, a leave does not. */
function ownMoment(name: string | undefined, joinedAtMs: number | undefined, facts: RoomFacts | undefined) {
  if (name === 'room_started') return facts?.startedAtMs
  return name === 'participant_joined' ? joinedAtMs : undefined
}

type Common = Pick<Event, 'key' | 'atMs' | 'roomSid' | 'room'>
type OfParticipant = Common & { participantSid: string; participant: ParticipantFacts }

function roomEvent(name: string | undefined, payload: Json, common: Common): Event | undefined {
  switch (name) {
    case 'room_started':
      return { kind: 'room.started', ...common }
    case 'room_finished':
      return { kind: 'room.ended', ...common }
    case 'egress_started':
    case 'egress_ended': {
      const info = objectOf(field(payload, 'egressInfo'))
      const key = textOf(info && field(info, 'egressId'))
      if (info === undefined || key === undefined || !recordsToFile(info)) return undefined
      if (name === 'egress_started') return { kind: 'recording.started', ...common, recording: { key } }
      const durationSec = egressDurationSec(info)
      return { kind: 'recording.ended', ...common, recording: known({ key, durationSec }) }
    }
    default:
      return undefined
  }
}

function participantEvent(name: string | undefined, payload: Json, common: OfParticipant): Event | undefined {
  switch (name) {
    case 'participant_joined':
      return { kind: 'participant.joined', ...common }
    case 'participant_left': {
      const ending = endingOf(payload)
      // A participant that moves to another node goes on under the same SID.
      if (ending.endReason === 'moved') return { kind: 'participant.updated', ...common }
      return { kind: 'participant.left', ...common, ...ending }
    }
    case 'participant_connection_aborted': {
      const ending = endingOf(payload)
      const failed = NO_CAUSE.includes(ending.endReason)
        ? { endReason: 'join_failed' as const, errorCode: END_REASON_ERROR_CODES.join_failed }
        : ending
      return { kind: 'participant.failed', ...common, ...failed }
    }
    case 'track_published':
    case 'track_unpublished': {
      const track = objectOf(payload['track'])
      const key = textOf(track?.['sid'])
      if (track === undefined || key === undefined) return undefined
      const mimeType = textOf(field(track, 'mimeType'))
      const codec = mimeType === undefined ? undefined : codecName(mimeType)
      const facts = known({ key, kind: trackKind(track['type']), codec })
      const kind = name === 'track_published' ? 'track.published' : 'track.unpublished'
      return { kind, ...common, track: facts }
    }
    default:
      return undefined
  }
}

/** Egress, ingress and agent events have their room elsewhere. */
function roomOf(payload: Json): Json | undefined {
  const room = objectOf(payload['room'])
  if (room !== undefined) return room
  const egress = objectOf(field(payload, 'egressInfo'))
  if (egress !== undefined) return { sid: field(egress, 'roomId'), name: field(egress, 'roomName') }
  const ingress = objectOf(field(payload, 'ingressInfo'))
  const ingressState = objectOf(ingress?.['state'])
  if (ingress !== undefined && ingressState !== undefined) {
    return { sid: field(ingressState, 'roomId'), name: field(ingress, 'roomName') }
  }
  return objectOf(objectOf(payload['job'])?.['room'])
}

/** Track events carry a room of two fields, from which nothing follows about the others. */
function roomFacts(room: Json): RoomFacts {
  const startedAtMs = msOf(room, 'creationTime')
  const isWhole = startedAtMs !== undefined
  const maxParticipants = countOf(field(room, 'maxParticipants'))
  return known({
    nativeKey: textOf(room['sid']),
    name: textOf(room['name']),
    startedAtMs,
    type: 'group' as const,
    maxParticipants: maxParticipants === 0 ? undefined : maxParticipants,
    recordingEnabled: isWhole ? field(room, 'activeRecording') === true : undefined,
  })
}

function participantFacts(participant: Json): ParticipantFacts {
  const joinedAtMs = msOf(participant, 'joinedAt')
  const tracks = Array.isArray(participant['tracks']) ? participant['tracks'] : []
  const mimeTypes = tracks.flatMap(track => textOf(field(objectOf(track) ?? {}, 'mimeType')) ?? [])
  return known({
    nativeKey: textOf(participant['sid']),
    identity: textOf(participant['identity']),
    displayName: textOf(participant['name']),
    // Track events carry SID and identity alone: a kind left out there does not say STANDARD.
    kind: joinedAtMs === undefined ? undefined : participantKind(participant),
    joinedAtMs,
    region: textOf(participant['region']),
    attributes: textsOf(participant['attributes']),
    codecs: mimeTypes.length === 0 ? undefined : mimeTypes.map(codecName),
  })
}

function participantKind(participant: Json): ParticipantKind {
  const native = String(participant['kind'] ?? 'STANDARD')
  const kind = (Object.hasOwn(KINDS, native) ? KINDS[native] : undefined) ?? 'other'
  const permission = objectOf(participant['permission'])
  if (kind !== 'person') return kind
  if (permission?.['recorder'] === true) return 'recorder'
  return permission?.['hidden'] === true ? 'hidden' : 'person'
}

function endingOf(payload: Json): { endReason: EndReason; errorCode?: number } {
  const native = field(objectOf(payload['participant']) ?? {}, 'disconnectReason') ?? 'UNKNOWN_REASON'
  const row = DISCONNECT_REASONS.find(([name], number) => name === native || number === native)
  const [, endReason, errorCode] = row ?? ['', 'unknown' as const]
  return known({ endReason, errorCode: errorCode ?? END_REASON_ERROR_CODES[endReason] })
}

function trackKind(type: unknown): 'audio' | 'video' | 'data' {
  if (type === 'VIDEO' || type === 1) return 'video'
  return type === 'DATA' || type === 2 ? 'data' : 'audio'
}

/** An egress may stream only; it records if files or segments are asked for, at the top or in its request. */
function recordsToFile(info: Json): boolean {
  const requests = Object.values(info)
    .map(objectOf)
    .filter(value => value !== undefined)
  const names = [info, ...requests].flatMap(object => Object.keys(object))
  return names.some(name => /^(file|segment)/i.test(name))
}

/** `startedAt` and `endedAt` of an egress are in nanoseconds. */
function egressDurationSec(info: Json): number | undefined {
  const [startedAt, endedAt] = [field(info, 'startedAt'), field(info, 'endedAt')].map(value =>
    String(value ?? ''),
  )
  if (startedAt === undefined || endedAt === undefined) return undefined
  if (!/^\d{1,20}$/.test(startedAt) || !/^\d{1,20}$/.test(endedAt)) return undefined
  return countOf(Number((BigInt(endedAt) - BigInt(startedAt)) / 1_000_000_000n))
}

/** `<name>Ms` where the server sends it, else `<name>` in seconds. */
function msOf(object: Json, name: string): number | undefined {
  const ms = intOf(field(object, `${name}Ms`))
  return ms === undefined || ms <= 0 ? secondsToMs(field(object, name)) : ms
}

function secondsToMs(value: unknown): number | undefined {
  const sec = intOf(value)
  return sec === undefined || sec <= 0 ? undefined : sec * 1000
}

/** A member by its camelCase name, or by the snake_case of the protobuf file. */
function field(object: Json, name: string): unknown {
  return object[name] ?? object[name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)]
}

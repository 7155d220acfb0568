import {
  codecName,
  type Event,
  isOneOf,
  type ParticipantFacts,
  ROOM_TYPES,
  type RoomFacts,
  TRACK_KINDS,
} from '../../event.ts'
import { PARTICIPANT_SID, ROOM_SID } from '../../sid.ts'
import { countOf, dateOf, estimatedBack, type Json, omitUndefined, textOf } from '../json.ts'

/** The parameters of one status callback. */
export type Callback = Readonly<Record<string, string>>

/** The parameters in a stored payload. */
export function readCallback(value: Json): Callback {
  return value as Callback // it was made of URL parameters, which are texts
}

/**
 * The event of one status callback; undefined if it names no room or no moment.
 * Source: twilio.com/docs/video/api/status-callbacks.
 */
export function callbackEvent(callback: Callback): Event | undefined {
  const roomSid = callback['RoomSid'] ?? ''
  const atMs = dateOf(callback['Timestamp'])
  if (!ROOM_SID.test(roomSid) || atMs === undefined) return undefined
  const common = { key: callbackKey(callback), atMs, roomSid, room: roomFacts(callback) }
  return (
    participantEvent(callback, common) ?? roomEvent(callback, common) ?? { kind: 'room.mentioned', ...common }
  )
}

/**
 * The key of a callback, which carries no id of its own. SequenceNumber is not part of it: Twilio calls it an internal
 * field and says to use Timestamp.
 */
function callbackKey(callback: Callback): string {
  const names = ['RoomSid', 'StatusCallbackEvent', 'ParticipantSid', 'TrackSid', 'RecordingSid', 'Timestamp']
  return names.map(name => textOf(callback[name]) ?? '').join('|')
}

type Common = Pick<Event, 'key' | 'atMs' | 'roomSid' | 'room'>

function roomEvent(callback: Callback, common: Common): Event | undefined {
  const recordingSid = callback['RecordingSid']
  switch (callback['StatusCallbackEvent']) {
    case 'room-created':
      return { kind: 'room.started', ...common }
    case 'room-ended':
      return {
        kind: 'room.ended',
        ...common,
        room: { ...common.room, ...estimatedStart(callback, common.atMs) },
      }
    case 'recording-started':
      if (recordingSid === undefined) return undefined
      return { kind: 'recording.started', ...common, recording: { key: recordingSid } }
    case 'recording-failed':
      if (recordingSid === undefined) return undefined
      return { kind: 'recording.ended', ...common, recording: { key: recordingSid, durationSec: 0 } }
    case 'recording-completed': {
      if (recordingSid === undefined) return undefined
      const codec = textOf(callback['Codec'])
      const recording = omitUndefined({ key: recordingSid, durationSec: countOf(callback['Duration']) })
      const room = codec === undefined ? common.room : { ...common.room, codecs: [codecName(codec)] }
      return { kind: 'recording.ended', ...common, room, recording }
    }
    default:
      return undefined
  }
}

function participantEvent(callback: Callback, common: Common): Event | undefined {
  const participantSid = callback['ParticipantSid'] ?? ''
  if (!PARTICIPANT_SID.test(participantSid)) return undefined
  const participant: ParticipantFacts = omitUndefined({ identity: textOf(callback['ParticipantIdentity']) })
  const ofParticipant = { ...common, participantSid, participant }
  const trackSid = callback['TrackSid']
  switch (callback['StatusCallbackEvent']) {
    case 'participant-connected':
      return { kind: 'participant.joined', ...ofParticipant }
    case 'participant-disconnected': {
      const joinedAtMsEstimated = estimatedBack(common.atMs, countOf(callback['ParticipantDuration']))
      return {
        kind: 'participant.left',
        ...ofParticipant,
        participant: omitUndefined({ ...participant, joinedAtMsEstimated }),
      }
    }
    case 'track-added':
    case 'track-removed': {
      const kind = callback['TrackKind']
      if (trackSid === undefined || !isOneOf(TRACK_KINDS, kind)) return undefined
      const name = callback['StatusCallbackEvent'] === 'track-added' ? 'track.published' : 'track.unpublished'
      return { kind: name, ...ofParticipant, track: { key: trackSid, kind } }
    }
    case 'track-enabled':
    case 'track-disabled':
      return { kind: 'participant.updated', ...ofParticipant }
    default:
      return undefined
  }
}

function roomFacts(callback: Callback): RoomFacts {
  const type = callback['RoomType']?.replaceAll('-', '_')
  return omitUndefined({
    name: textOf(callback['RoomName']),
    type: isOneOf(ROOM_TYPES, type) ? type : undefined,
  })
}

function estimatedStart(callback: Callback, endedAtMs: number): RoomFacts {
  return omitUndefined({ startedAtMsEstimated: estimatedBack(endedAtMs, countOf(callback['RoomDuration'])) })
}

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
import { countOf, dateOf, known, reckonedBack, textOf } from '../json.ts'

/** The parameters of one status callback. */
export type Callback = Readonly<Record<string, string>>

/** Callbacks carry no id; SequenceNumber is documented as no order, so that the moment is part of the key. */
export function callbackKey(callback: Callback): string {
  const names = ['RoomSid', 'StatusCallbackEvent', 'ParticipantSid', 'TrackSid', 'RecordingSid', 'Timestamp']
  return names.map(name => textOf(callback[name]) ?? '').join('|')
}

/** The canonical event of one status callback; undefined where it names no room or no moment. */
export function callbackEvent(callback: Callback): Event | undefined {
  const roomSid = callback['RoomSid'] ?? ''
  const atMs = dateOf(callback['Timestamp'])
  if (!ROOM_SID.test(roomSid) || atMs === undefined) return undefined
  const common = { key: callbackKey(callback), atMs, roomSid, room: roomFacts(callback) }
  return (
    participantEvent(callback, common) ?? roomEvent(callback, common) ?? { kind: 'room.updated', ...common }
  )
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
        room: { ...common.room, ...reckonedStart(callback, common.atMs) },
      }
    case 'recording-started':
      if (recordingSid === undefined) return undefined
      return { kind: 'recording.started', ...common, recording: { key: recordingSid } }
    case 'recording-completed': {
      if (recordingSid === undefined) return undefined
      const codec = textOf(callback['Codec'])
      const recording = known({ key: recordingSid, durationSec: countOf(callback['Duration']) })
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
  const participant: ParticipantFacts = known({ identity: textOf(callback['ParticipantIdentity']) })
  const ofParticipant = { ...common, participantSid, participant }
  const trackSid = callback['TrackSid']
  switch (callback['StatusCallbackEvent']) {
    case 'participant-connected':
      return { kind: 'participant.joined', ...ofParticipant }
    case 'participant-disconnected': {
      const joinedAtMsReckoned = reckonedBack(common.atMs, countOf(callback['ParticipantDuration']))
      return {
        kind: 'participant.left',
        ...ofParticipant,
        participant: known({ ...participant, joinedAtMsReckoned }),
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
  return known({ name: textOf(callback['RoomName']), type: isOneOf(ROOM_TYPES, type) ? type : undefined })
}

function reckonedStart(callback: Callback, endedAtMs: number): RoomFacts {
  return known({ startedAtMsReckoned: reckonedBack(endedAtMs, countOf(callback['RoomDuration'])) })
}

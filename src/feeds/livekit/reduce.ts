import type { Event, ParticipantFacts, RoomFacts } from '../../event.ts'
import { participantSid, roomSid } from '../../sid.ts'
import type { Reduced, Source } from '../feed.ts'
import { idOf, type Json, objectOf, textOf } from '../json.ts'
import type { Memory } from '../memory.ts'
import type { Payload } from '../payload.ts'
import { begunRecording, endedRecording } from './egress.ts'
import { abortReasonOf, leaveReasonOf, roomEndReasonOf } from './ending.ts'
import { participantFacts, roomFacts, trackFacts } from './facts.ts'
import { field, momentIn, secondsToMs } from './protojson.ts'

/** The event of one LiveKit webhook: one for a webhook that names a room and a moment, else none. */
export function reduceWebhook({ key, value }: Payload, _memory: Memory, { accountSid }: Source): Reduced {
  // A body that was no object is kept too.
  const webhook = objectOf(value) ?? {}
  const event = eventOf(webhook, key, accountSid)
  if (event !== undefined) return { events: [event] }
  const name = textOf(webhook['event']) ?? 'without a name'
  return { events: [], reason: `LiveKit event ${name} names no room or no moment` }
}

function eventOf(webhook: Json, key: string, accountSid: string): Event | undefined {
  const name = textOf(webhook['event'])
  const room = roomOf(webhook)
  const nativeRoomSid = idOf(room?.['sid'])
  const participant = objectOf(webhook['participant'])
  const facts = room && roomFacts(room)
  const joinedAtMs = participant && momentIn(participant, 'joinedAt')
  const atMs = secondsToMs(field(webhook, 'createdAt')) ?? ownMoment(name, joinedAtMs, facts)
  if (facts === undefined || nativeRoomSid === undefined || atMs === undefined) return undefined

  const common = { key, atMs, roomSid: roomSid(accountSid, 'livekit', nativeRoomSid), room: facts }
  const ofRoom = roomEvent(name, webhook, common)
  if (ofRoom !== undefined) return ofRoom

  const nativeKey = idOf(participant?.['sid'])
  // Egress, ingress and agent events, and events of names that are not known, only mention the room.
  if (participant === undefined || nativeKey === undefined) return { kind: 'room.mentioned', ...common }
  const ofParticipant = {
    ...common,
    participantSid: participantSid(common.roomSid, nativeKey),
    participant: participantFacts(participant),
  }
  return participantEvent(name, webhook, participant, ofParticipant) ?? { kind: 'room.mentioned', ...common }
}

/** Old servers send no `createdAt`. A start and a join have a moment of their own, a leave has none. */
function ownMoment(name: string | undefined, joinedAtMs: number | undefined, facts: RoomFacts | undefined) {
  if (name === 'room_started') return facts?.startedAtMs
  return name === 'participant_joined' ? joinedAtMs : undefined
}

type Common = Pick<Event, 'key' | 'atMs' | 'roomSid' | 'room'>
type OfParticipant = Common & { participantSid: string; participant: ParticipantFacts }

function roomEvent(name: string | undefined, webhook: Json, common: Common): Event | undefined {
  switch (name) {
    case 'room_started':
      return { kind: 'room.started', ...common }
    case 'room_finished':
      return { kind: 'room.ended', ...common, ...roomEndReasonOf(webhook) }
    case 'egress_started': {
      const recording = begunRecording(objectOf(field(webhook, 'egressInfo')))
      return recording && { kind: 'recording.started', ...common, recording }
    }
    case 'egress_ended': {
      const recording = endedRecording(objectOf(field(webhook, 'egressInfo')))
      return recording && { kind: 'recording.ended', ...common, recording }
    }
    default:
      return undefined
  }
}

function participantEvent(
  name: string | undefined,
  webhook: Json,
  participant: Json,
  common: OfParticipant,
): Event | undefined {
  switch (name) {
    case 'participant_joined':
      return { kind: 'participant.joined', ...common }
    case 'participant_left': {
      const reason = leaveReasonOf(participant)
      // A participant who moves to another node goes on under the same SID.
      if (reason.endReason === 'moved') return { kind: 'participant.updated', ...common }
      return { kind: 'participant.left', ...common, ...reason }
    }
    case 'participant_connection_aborted':
      return { kind: 'participant.failed', ...common, ...abortReasonOf(participant) }
    case 'track_published':
    case 'track_unpublished': {
      const track = trackFacts(objectOf(webhook['track']))
      if (track === undefined) return undefined
      const kind = name === 'track_published' ? 'track.published' : 'track.unpublished'
      return { kind, ...common, track }
    }
    default:
      return undefined
  }
}

/** The room of a webhook. Egress, ingress and agent events name it within their own objects. */
function roomOf(webhook: Json): Json | undefined {
  const room = objectOf(webhook['room'])
  if (room !== undefined) return room
  const egress = objectOf(field(webhook, 'egressInfo'))
  if (egress !== undefined) return { sid: field(egress, 'roomId'), name: field(egress, 'roomName') }
  const ingress = objectOf(field(webhook, 'ingressInfo'))
  const ingressState = objectOf(ingress?.['state'])
  if (ingress !== undefined && ingressState !== undefined) {
    return { sid: field(ingressState, 'roomId'), name: field(ingress, 'roomName') }
  }
  const ofJob = objectOf(objectOf(webhook['job'])?.['room'])
  // A job holds its room as it was when the job was made.
  return ofJob && { sid: ofJob['sid'], name: ofJob['name'] }
}

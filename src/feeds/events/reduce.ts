import { Value } from 'typebox/value'
import {
  codecName,
  type Event,
  isOneOf,
  type ParticipantFacts,
  ROOM_END_REASONS,
  type RoomFacts,
} from '../../event.ts'
import { participantSid, roomSid } from '../../sid.ts'
import { type CloudEvent, eventKey, readCloudEvent } from '../cloud-event.ts'
import type { Reduced, Source } from '../feed.ts'
import { JunkError } from '../feed-errors.ts'
import { dateOf, metadataOf, omitUndefined, textsOf } from '../json.ts'
import type { Memory } from '../memory.ts'
import type { Payload } from '../payload.ts'
import { EVENT_KINDS, EventData } from './event-data.ts'

/** The event in one CloudEvent. Its key follows from `source` and `id`. */
export function reduceCloudEvent({ value }: Payload, _memory: Memory, { accountSid }: Source): Reduced {
  return { events: [eventOf(readCloudEvent(value), accountSid)] }
}

/** The event in a CloudEvent; `index` is its place in its batch, which errors name. Throws JunkError. */
export function eventOf(received: CloudEvent, accountSid: string, index = 0): Event {
  const fail = (problem: string) => new JunkError(`Event ${index} (${received.id}): ${problem}`)
  const { type: kind, data } = received
  if (!isOneOf(EVENT_KINDS, kind)) throw fail(`type must be one of ${EVENT_KINDS.join(', ')}.`)
  const atMs = dateOf(received.time)
  if (atMs === undefined) throw fail('time is required, in RFC 3339: when it happened.')
  if (!isEventData(data)) throw fail(`data${problemOf(data)}.`)
  if (namesSid(data)) throw fail('data may not set SIDs: they are derived from room.key and participant.key.')

  const room = roomSid(accountSid, 'events', data.room.key)
  const common = { key: eventKey(received), atMs, roomSid: room, room: roomFacts(data) }
  const ending = omitUndefined({ endReason: data.endReason, errorCode: data.errorCode })
  if (kind === 'room.started' || kind === 'room.updated') return { kind, ...common }
  if (kind === 'room.ended') {
    if (data.endReason !== undefined && !isOneOf(ROOM_END_REASONS, data.endReason)) {
      throw fail(`data.endReason of a room must be one of ${ROOM_END_REASONS.join(', ')}.`)
    }
    return { kind, ...common, ...ending }
  }
  if (kind === 'recording.started' || kind === 'recording.ended') {
    if (data.recording === undefined) throw fail('data.recording is required.')
    const { key, durationSec } = data.recording
    return { kind, ...common, recording: omitUndefined({ key, durationSec }) }
  }
  if (data.participant === undefined) throw fail('data.participant is required.')
  const ofParticipant = {
    ...common,
    participantSid: participantSid(room, data.participant.key),
    participant: participantFacts(data.participant),
  }
  if (kind === 'participant.left' || kind === 'participant.failed') {
    return { kind, ...ofParticipant, ...ending }
  }
  if (kind === 'participant.joined' || kind === 'participant.updated') return { kind, ...ofParticipant }
  if (data.track === undefined) throw fail('data.track is required.')
  const { key, kind: trackKind, codec } = data.track
  const track = omitUndefined({ key, kind: trackKind, codec: codec && codecName(codec) })
  return { kind, ...ofParticipant, track }
}

function isEventData(data: unknown): data is EventData {
  return Value.Check(EventData, data)
}

/** Where the data is wrong, and how, as the end of a sentence. */
function problemOf(data: unknown): string {
  const [problem] = Value.Errors(EventData, data)
  return problem === undefined
    ? ' is invalid'
    : `${problem.instancePath.replaceAll('/', '.')} ${problem.message}`
}

function namesSid(data: EventData): boolean {
  return [data, data.room, data.participant ?? {}].some(part =>
    Object.keys(part).some(name => /^(room_?|participant_?|account_?)?sid$/i.test(name)),
  )
}

function roomFacts({ room }: EventData): RoomFacts {
  const { key, startedAt, ...facts } = room
  const { name, type, maxParticipants, region } = facts
  return omitUndefined({
    nativeKey: key,
    name,
    type,
    maxParticipants,
    region,
    startedAtMs: dateOf(startedAt),
    ...statedMetadata(room),
  })
}

function participantFacts(participant: NonNullable<EventData['participant']>): ParticipantFacts {
  const { identity, displayName, kind, region, attributes, publisherInfo, codecs } = participant
  return omitUndefined({
    nativeKey: participant.key,
    ...{ identity, displayName, kind, region },
    attributes: textsOf(attributes),
    ...statedMetadata(participant),
    publisherInfo: textsOf(publisherInfo),
    joinedAtMs: dateOf(participant.joinedAt),
    codecs: codecs?.map(codecName),
  })
}

/** Metadata that is null or empty states that there is none; a missing one states nothing. */
function statedMetadata({ metadata }: { metadata?: unknown }): { metadata?: string } {
  return metadata === undefined ? {} : { metadata: metadataOf(metadata) }
}

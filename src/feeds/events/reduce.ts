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

/** The events in one CloudEvent. Their keys follow from `source` and `id`. */
export function reduceCloudEvent({ value }: Payload, _memory: Memory, { accountSid }: Source): Reduced {
  return { events: eventsOf(readCloudEvent(value), accountSid) }
}

/**
 * The events in a CloudEvent: one, or for a snapshot also a `participant.updated` for each participant that it lists.
 * `index` is its place in its batch, which errors name. Throws JunkError.
 */
export function eventsOf(received: CloudEvent, accountSid: string, index = 0): Event[] {
  const fail = (problem: string) => new JunkError(`Event ${index} (${received.id}): ${problem}`)
  const event = eventOf(received, accountSid, fail)
  if (event.kind !== 'room.snapshot') return [event]
  const { participants } = received.data as EventData // eventOf has checked it
  if (participants === undefined) throw fail('data.participants is required: everybody who is in the room.')
  const listed = new Map(participants.map(one => [one.key, one]))
  if (listed.size < participants.length) throw fail('data.participants has a key twice.')
  const { key, atMs, roomSid: room } = event
  const present = [...listed.values()].map((one): Event => {
    const sid = participantSid(room, one.key)
    const participant = participantFacts(one)
    // No other event has this key: no source is empty, so that no key of a CloudEvent begins with a bar.
    return {
      kind: 'participant.updated',
      key: `|${key}|${sid}`,
      atMs,
      roomSid: room,
      room: {},
      participantSid: sid,
      participant,
    }
  })
  return [event, ...present]
}

function eventOf(received: CloudEvent, accountSid: string, fail: (problem: string) => JunkError): Event {
  const { type: kind, data } = received
  if (!isOneOf(EVENT_KINDS, kind)) throw fail(`type must be one of ${EVENT_KINDS.join(', ')}.`)
  const atMs = dateOf(received.time)
  if (atMs === undefined) throw fail('time is required, in RFC 3339: when it happened.')
  if (!isEventData(data)) throw fail(`data${problemOf(data)}.`)
  if (namesSid(data)) throw fail('data may not set SIDs: they are derived from room.key and participant.key.')

  const room = roomSid(accountSid, 'events', data.room.key)
  const common = { key: eventKey(received), atMs, roomSid: room, room: roomFacts(data) }
  const ending = omitUndefined({ endReason: data.endReason, errorCode: data.errorCode })
  const noticed = omitUndefined({ noticed: data.noticed })
  if (kind === 'room.started' || kind === 'room.updated' || kind === 'room.snapshot') {
    return { kind, ...common }
  }
  if (kind === 'room.ended') {
    if (data.noticed === true && data.endReason !== undefined) {
      throw fail('data.endReason of a room that is noticed to be gone is unknown: leave it out.')
    }
    if (data.endReason !== undefined && !isOneOf(ROOM_END_REASONS, data.endReason)) {
      throw fail(`data.endReason of a room must be one of ${ROOM_END_REASONS.join(', ')}.`)
    }
    return { kind, ...common, ...ending, ...noticed }
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
  if (kind === 'participant.left') {
    return { kind, ...ofParticipant, ...ending, ...noticed }
  }
  if (kind === 'participant.failed') return { kind, ...ofParticipant, ...ending }
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
  return [data, data.room, data.participant ?? {}, ...(data.participants ?? [])].some(part =>
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

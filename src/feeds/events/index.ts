import Type from 'typebox'
import { Value } from 'typebox/value'
import {
  codecName,
  END_REASON_ERROR_CODES,
  type Event,
  isOneOf,
  PARTICIPANT_KINDS,
  type ParticipantFacts,
  ROOM_END_REASONS,
  ROOM_TYPES,
  type RoomFacts,
  StatedEvent,
  TRACK_KINDS,
} from '../../event.ts'
import { participantSid, roomSid } from '../../sid.ts'
import { bearerClaim } from '../bearer.ts'
import { type CloudEvent, cloudEventsOf, eventKey } from '../cloud-event.ts'
import { type Feed, JunkError } from '../feed.ts'
import { dateOf, known, MAX_COUNT, textsOf, withoutSecrets } from '../json.ts'

const ERROR_CODES: ReadonlyMap<string, number | undefined> = new Map(Object.entries(END_REASON_ERROR_CODES))

/** The canonical kinds: the `type` of a CloudEvent sent here. */
export const EVENT_KINDS = StatedEvent.anyOf.map(variant => variant.properties.kind.const)

const Text = Type.String({ minLength: 1, maxLength: 512 })
const Count = Type.Integer({ minimum: 0, maximum: MAX_COUNT })
const Time = Type.String({ format: 'date-time', description: 'RFC 3339' })

/** The `data` of a CloudEvent sent to `/feeds/events`. */
export const EventData = Type.Object({
  room: Type.Object({
    key: Type.String({
      minLength: 1,
      maxLength: 512,
      description:
        'Your id of this instance of the room; a name that is used again next week needs another key',
    }),
    name: Type.Optional(Text),
    startedAt: Type.Optional(Time),
    type: Type.Optional(Type.Enum([...ROOM_TYPES])),
    maxParticipants: Type.Optional(Count),
    region: Type.Optional(Text),
  }),
  participant: Type.Optional(
    Type.Object({
      key: Type.String({
        minLength: 1,
        maxLength: 512,
        description: 'Your id of this stay; who comes again needs another key and keeps the identity',
      }),
      identity: Type.Optional(Text),
      displayName: Type.Optional(Text),
      kind: Type.Optional(Type.Enum([...PARTICIPANT_KINDS])),
      joinedAt: Type.Optional(Time),
      region: Type.Optional(Text),
      attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
      publisherInfo: Type.Optional(Type.Record(Type.String(), Type.String())),
      codecs: Type.Optional(Type.Array(Text)),
    }),
  ),
  track: Type.Optional(
    Type.Object({ key: Text, kind: Type.Enum([...TRACK_KINDS]), codec: Type.Optional(Text) }),
  ),
  recording: Type.Optional(Type.Object({ key: Text, durationSec: Type.Optional(Count) })),
  endReason: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9_]{1,64}$',
      description: `Known words: ${Object.keys(END_REASON_ERROR_CODES).join(', ')}`,
    }),
  ),
  errorCode: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_COUNT })),
})

type EventData = Type.Static<typeof EventData>

const Envelope = Type.Object({
  specversion: Type.Literal('1.0'),
  id: Type.String({ description: 'With source, the idempotency key: the same again is a duplicate' }),
  source: Type.String(),
  type: Type.Enum([...EVENT_KINDS]),
  time: Type.String({ format: 'date-time', description: 'When it happened, by the clock of the source' }),
  data: EventData,
})

/** Rollcall's own events as CloudEvents 1.0, for stacks that have no feed of their own. */
export const events: Feed = {
  kind: 'events',
  path: '/feeds/events',
  paths: ['/feeds/events'],
  methods: ['POST'],
  summary: 'CloudEvents 1.0 (structured, batch or binary), authorized by a feed key: Authorization: Bearer …',

  body: Envelope,
  claimIsSecret: true,

  claim: bearerClaim,

  // Who is found by the hash of a long random key has proved to have it.
  verify() {},

  decode(delivery, { accountSid }) {
    const envelopes = cloudEventsOf(delivery)
    const decoded = envelopes.map((envelope, index) => ({
      event: eventOf(envelope, index, accountSid),
      native: withoutSecrets(envelope.raw),
    }))
    return { events: decoded, kept: [] }
  },

  silenceLimitMs: undefined,
  whenUnavailable: { 'retry-after': '1' },
}

function eventOf(envelope: CloudEvent, index: number, accountSid: string): Event {
  const fail = (problem: string) => new JunkError(`Event ${index} (${envelope.id}): ${problem}`)
  const { type: kind, data } = envelope
  if (!isOneOf(EVENT_KINDS, kind)) throw fail(`type must be one of ${EVENT_KINDS.join(', ')}.`)
  const atMs = dateOf(envelope.time)
  if (atMs === undefined) throw fail('time is required, in RFC 3339: when it happened.')
  if (!isEventData(data)) throw fail(`data${problemOf(data)}.`)
  if (namesSid(data)) throw fail('data may not set SIDs: they are derived from room.key and participant.key.')

  const room = roomSid(accountSid, 'events', data.room.key)
  const common = { key: eventKey(envelope), atMs, roomSid: room, room: roomFacts(data) }
  const ending = endingOf(data)
  if (kind === 'room.started' || kind === 'room.updated') return { kind, ...common }
  if (kind === 'room.ended') {
    if (data.endReason !== undefined && !isOneOf(ROOM_END_REASONS, data.endReason)) {
      throw fail(`data.endReason of a room must be one of ${ROOM_END_REASONS.join(', ')}.`)
    }
    return { kind, ...common, ...ending }
  }
  if (kind === 'recording.started' || kind === 'recording.ended') {
    if (data.recording === undefined) throw fail('data.recording is required.')
    return { kind, ...common, recording: data.recording }
  }
  if (data.participant === undefined) throw fail('data.participant is required.')
  const ofParticipant = {
    ...common,
    participantSid: participantSid(room, data.participant.key),
    participant: participantFacts(data.participant),
  }
  if (kind === 'participant.left' || kind === 'participant.failed')
    return { kind, ...ofParticipant, ...ending }
  if (kind === 'participant.joined' || kind === 'participant.updated') return { kind, ...ofParticipant }
  if (data.track === undefined) throw fail('data.track is required.')
  const { codec, ...track } = data.track
  return { kind, ...ofParticipant, track: known({ ...track, codec: codec && codecName(codec) }) }
}

function isEventData(data: unknown): data is EventData {
  return Value.Check(EventData, data)
}

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
  return known({ nativeKey: key, name, type, maxParticipants, region, startedAtMs: dateOf(startedAt) })
}

function participantFacts(participant: NonNullable<EventData['participant']>): ParticipantFacts {
  const { identity, displayName, kind, region, attributes, publisherInfo, codecs } = participant
  return known({
    nativeKey: participant.key,
    ...{ identity, displayName, kind, region },
    attributes: textsOf(attributes),
    publisherInfo: textsOf(publisherInfo),
    joinedAtMs: dateOf(participant.joinedAt),
    codecs: codecs?.map(codecName),
  })
}

function endingOf({ endReason, errorCode }: EventData) {
  return known({ endReason, errorCode: errorCode ?? ERROR_CODES.get(endReason ?? '') })
}

import Type from 'typebox'
import {
  END_REASON_ERROR_CODES,
  PARTICIPANT_KINDS,
  ROOM_TYPES,
  StatedEvent,
  TRACK_KINDS,
} from '../../event.ts'
import { MAX_COUNT, MAX_METADATA_CHARS } from '../json.ts'

/** The kinds of events that a sender may state: the `type` of a CloudEvent. */
export const EVENT_KINDS = StatedEvent.anyOf.map(variant => variant.properties.kind.const)

const Text = Type.String({ minLength: 1, maxLength: 512 })
const Count = Type.Integer({ minimum: 0, maximum: MAX_COUNT })
const Metadata = Type.Unknown({
  description: `A text of your own, or any JSON, which is shown as a text; longer than ${MAX_METADATA_CHARS} characters, it is not shown`,
})
const Time = Type.String({ format: 'date-time', description: 'RFC 3339' })

/** The most participants that the snapshots of one request may list. */
export const MAX_LISTED = 1_000

const Participant = Type.Object({
  key: Type.String({
    minLength: 1,
    maxLength: 512,
    description: 'Your id of this stay; someone who joins again needs another key and keeps the identity',
  }),
  identity: Type.Optional(Text),
  displayName: Type.Optional(Text),
  kind: Type.Optional(Type.Enum([...PARTICIPANT_KINDS])),
  joinedAt: Type.Optional(Time),
  region: Type.Optional(Text),
  attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
  metadata: Type.Optional(Metadata),
  publisherInfo: Type.Optional(Type.Record(Type.String(), Type.String())),
  codecs: Type.Optional(Type.Array(Text)),
})

/** The `data` of a CloudEvent. */
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
    metadata: Type.Optional(Metadata),
  }),
  participant: Type.Optional(Participant),
  participants: Type.Optional(
    Type.Array(Participant, {
      maxItems: MAX_LISTED,
      description: 'Of a room.snapshot: everybody who is in the room',
    }),
  ),
  noticed: Type.Optional(
    Type.Boolean({
      description: 'Of a participant.left or a room.ended: true if you were not told of it, but noticed it',
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

export type EventData = Type.Static<typeof EventData>

/** A CloudEvent in structured mode, as the API reference shows it. */
export const Envelope = Type.Object({
  specversion: Type.Literal('1.0'),
  id: Type.String({
    minLength: 1,
    description: 'With source, the idempotency key: a second event with both the same is a duplicate',
  }),
  source: Type.String({ minLength: 1 }),
  type: Type.Enum([...EVENT_KINDS]),
  time: Type.String({ format: 'date-time', description: 'When it happened, by the clock of the source' }),
  data: EventData,
})

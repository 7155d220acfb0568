import Type from 'typebox'

/** Kinds of participants. Only a `person` counts in a room's numbers. */
export const PARTICIPANT_KINDS = [
  'person',
  'recorder',
  'agent',
  'sip',
  'ingress',
  'connector',
  'bridge',
  'hidden',
  'other',
] as const

export const ROOM_TYPES = ['go', 'peer_to_peer', 'group', 'group_small'] as const

/** The codecs that the Video Insights contract names, in the order in which they are shown. */
export const CODECS = ['VP8', 'H264', 'VP9', 'opus'] as const

export const MEDIA_REGIONS = ['us1', 'us2', 'au1', 'br1', 'ie1', 'jp1', 'sg1', 'in1', 'de1', 'gll'] as const

export const EDGE_LOCATIONS = [
  'ashburn',
  'dublin',
  'frankfurt',
  'singapore',
  'sydney',
  'sao_paulo',
  'roaming',
  'umatilla',
  'tokyo',
] as const

export const ROOM_END_REASONS = ['room_ended_via_api', 'timeout'] as const

export const CREATED_METHODS = ['sdk', 'ad_hoc', 'api'] as const

export const TRACK_KINDS = ['audio', 'video', 'data'] as const

/**
 * Why a stay ended, and Twilio's error number for it where it has one
 * (numbers: the Twilio error dictionary, as in npm `twilio-video`).
 */
export const END_REASON_ERROR_CODES = {
  disconnected_via_api: undefined,
  client_left: undefined,
  connection_lost: 53001,
  timeout: 53002,
  duplicate_identity: 53205,
  room_ended: 53118,
  room_ended_via_api: 53118,
  server_shutdown: undefined,
  server_crash: undefined,
  moved: undefined,
  media_failure: 53407,
  join_failed: 53104,
  rejected: undefined,
  unknown: undefined,
} as const

export type EndReason = keyof typeof END_REASON_ERROR_CODES

const optionalText = Type.Optional(Type.String())
const optionalInt = Type.Optional(Type.Integer())
const optionalFlag = Type.Optional(Type.Boolean())

/** What an event says of its room. Every fact is optional; times are unix milliseconds. */
export const RoomFacts = Type.Object({
  nativeKey: optionalText,
  name: optionalText,
  startedAtMs: optionalInt,
  /** The start reckoned back from a stated duration: right to a second, used only where no start is stated. */
  startedAtMsReckoned: optionalInt,
  type: Type.Optional(Type.Enum([...ROOM_TYPES])),
  maxParticipants: optionalInt,
  region: optionalText,
  mediaRegion: Type.Optional(Type.Enum([...MEDIA_REGIONS])),
  edgeLocation: Type.Optional(Type.Enum([...EDGE_LOCATIONS])),
  createdMethod: Type.Optional(Type.Enum([...CREATED_METHODS])),
  statusCallback: optionalText,
  statusCallbackMethod: Type.Optional(Type.Enum(['GET', 'POST'])),
  recordingEnabled: optionalFlag,
  recordingDurationSec: optionalInt,
  codecs: Type.Optional(Type.Array(Type.String())),
  /** Of a breakout room: the native key of the room that it was broken out of. */
  breakoutOf: optionalText,
})

/** What an event says of its participant. Every fact is optional; times are unix milliseconds. */
export const ParticipantFacts = Type.Object({
  nativeKey: optionalText,
  identity: optionalText,
  displayName: optionalText,
  kind: Type.Optional(Type.Enum([...PARTICIPANT_KINDS])),
  joinedAtMs: optionalInt,
  /** The join reckoned back from a stated duration: right to a second, used only where no join is stated. */
  joinedAtMsReckoned: optionalInt,
  region: optionalText,
  mediaRegion: Type.Optional(Type.Enum([...MEDIA_REGIONS])),
  edgeLocation: Type.Optional(Type.Enum([...EDGE_LOCATIONS])),
  attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
  publisherInfo: Type.Optional(Type.Record(Type.String(), Type.String())),
  codecs: Type.Optional(Type.Array(Type.String())),
  /** A native key that one person's stays share, one after another: a JID, a user id. A new stay in it ends the one before. */
  seatKey: optionalText,
  /** Twilio's own `properties`, where a feed states them. */
  properties: Type.Optional(Type.Record(Type.String(), Type.Union([Type.Boolean(), Type.Integer()]))),
})

/** One track; `codec` is its short name (`VP8`, `opus`, `AV1`), as `codecName` makes it. */
export const TrackFacts = Type.Object({
  key: Type.String(),
  kind: Type.Enum([...TRACK_KINDS]),
  codec: optionalText,
})

export const RecordingFacts = Type.Object({
  key: Type.String(),
  durationSec: optionalInt,
})

const common = {
  /** Unique within (account, room SID, feed): the same key again is a duplicate. */
  key: Type.String(),
  /** When it happened, by the clock of the source, in unix milliseconds. */
  atMs: Type.Integer(),
  roomSid: Type.String(),
  room: RoomFacts,
}
const ofParticipant = { ...common, participantSid: Type.String(), participant: ParticipantFacts }
const ending = {
  endReason: optionalText,
  errorCode: optionalInt,
  /** True where the reason is put together from other events, not in the words of this one. */
  reasonInferred: optionalFlag,
}
/** Of an observation: the last moment at which something showed the opposite, by the clock of the source. */
const lastSign = { lastSignMs: optionalInt }

function kind<K extends string, P extends Type.TProperties>(name: K, properties: P) {
  return Type.Object({ kind: Type.Literal(name), ...properties })
}

/** What feeds state. */
export const StatedEvent = Type.Union([
  kind('room.started', common),
  kind('room.updated', common),
  kind('room.ended', { ...common, ...ending }),
  kind('participant.joined', ofParticipant),
  kind('participant.left', { ...ofParticipant, ...ending }),
  kind('participant.failed', { ...ofParticipant, ...ending }),
  kind('participant.updated', ofParticipant),
  kind('track.published', { ...ofParticipant, track: TrackFacts }),
  kind('track.unpublished', { ...ofParticipant, track: TrackFacts }),
  kind('recording.started', { ...common, recording: RecordingFacts }),
  kind('recording.ended', { ...common, recording: RecordingFacts }),
])

/** What Rollcall noticed, and never what follows from it: the folds conclude, and a stated fact overrules them. */
export const Observation = Type.Union([
  /** The connection of the participant is stated to be gone, its leave is not: a session, a handle. */
  kind('observation.participant_gone', { ...ofParticipant, ...ending }),
  /** The server's list of who is there lacks the participant. */
  kind('observation.participant_absent', { ...ofParticipant, ...lastSign }),
  /** Nothing showed the participant from `lastSignMs` until `atMs`, although everything was there to hear it. */
  kind('observation.participant_silent', { ...ofParticipant, ...ending, lastSignMs: Type.Integer() }),
  /** The participant went on in another room, as into a breakout. */
  kind('observation.participant_moved', ofParticipant),
  /** The stay turned out to belong to another instance of the room, and is told there. */
  kind('observation.participant_elsewhere', { ...ofParticipant, toRoomSid: Type.String() }),
  /** The server's list of rooms lacks the room. */
  kind('observation.room_absent', { ...common, ...lastSign }),
  /** Nobody was in the room from `lastSignMs` until `atMs`. */
  kind('observation.room_empty', { ...common, lastSignMs: Type.Integer() }),
  /** A later room took the name, which its server gives to one at a time. */
  kind('observation.room_superseded', { ...common, ...ending }),
  /** The room's server stopped, or is found to have started anew; `lastSignMs` is the last that it told before. */
  kind('observation.server_gone', { ...common, ...ending, lastSignMs: Type.Integer() }),
])

/** The canonical event: what every feed decodes to, and all that the folds know. */
export const Event = Type.Union([...StatedEvent.anyOf, ...Observation.anyOf])

/** The kinds of events. */
export const EVENT_NAMES = Event.anyOf.map(variant => variant.properties.kind.const)

export type Event = Type.Static<typeof Event>
export type RoomFacts = Type.Static<typeof RoomFacts>
export type ParticipantFacts = Type.Static<typeof ParticipantFacts>
export type ParticipantKind = (typeof PARTICIPANT_KINDS)[number]
export type RoomType = (typeof ROOM_TYPES)[number]
export type Codec = (typeof CODECS)[number]
export type TrackKind = (typeof TRACK_KINDS)[number]
export type MediaRegion = (typeof MEDIA_REGIONS)[number]

/** Events of one participant; the others are of the room alone. */
export type ParticipantEvent = Extract<Event, { participantSid: string }>

export type Observation = Type.Static<typeof Observation>

/** Two absences from a server's list this far apart end a stay, or a room. */
export const ABSENCE_SPAN_MS = 10_000

/**
 * The short name of a codec from its MIME type: `video/VP8` → `VP8`, `audio/opus` → `opus`.
 * `audio/red` is Opus in RED packets (RFC 2198) and counts as `opus`.
 */
export function codecName(mimeType: string): string {
  const name = mimeType.slice(mimeType.indexOf('/') + 1).toLowerCase()
  if (name === 'red') return 'opus'
  return CODECS.find(codec => codec.toLowerCase() === name) ?? name.toUpperCase()
}

/** True for a value of a list of words; narrows the type. */
export function isOneOf<T extends string>(words: readonly T[], value: unknown): value is T {
  return (words as readonly unknown[]).includes(value) // widened only to ask
}

/** True for what Rollcall noticed: evidence of an end, never of a presence. */
export function isObservation(event: Event): event is Observation {
  return event.kind.startsWith('observation.')
}

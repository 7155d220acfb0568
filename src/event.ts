import Type from 'typebox'

/** The kinds of participants. */
export const PARTICIPANT_KINDS = [
  'person',
  'recorder',
  'agent',
  'sip',
  'ingress',
  'connector',
  'bridge',
  'hidden',
  'viewer',
  'other',
] as const

/** The kinds that count in a room's numbers: people, also those who call by phone or SIP. */
export const COUNTED_KINDS: readonly (typeof PARTICIPANT_KINDS)[number][] = ['person', 'sip']

/** Twilio's room types, as its Video Insights API writes them. */
export const ROOM_TYPES = ['go', 'peer_to_peer', 'group', 'group_small'] as const

/** The codecs of Twilio's Video Insights API, in the order in which records show them. */
export const CODECS = ['VP8', 'H264', 'VP9', 'opus'] as const

/** Twilio's media regions. */
export const MEDIA_REGIONS = ['us1', 'us2', 'au1', 'br1', 'ie1', 'jp1', 'sg1', 'in1', 'de1', 'gll'] as const

/** Twilio's edge locations. */
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

/** The end reasons of a room in Twilio's Video Insights API. */
export const ROOM_END_REASONS = ['room_ended_via_api', 'timeout'] as const

/** The ways to create a room in Twilio's Video Insights API. */
export const CREATED_METHODS = ['sdk', 'ad_hoc', 'api'] as const

/** The kinds of tracks. */
export const TRACK_KINDS = ['audio', 'video', 'data'] as const

/**
 * Why a stay ended, and Twilio's error code for that reason; undefined if Twilio has none. A record shows the code of
 * its reason unless the source states another. The codes are from Twilio's error dictionary, as in npm `twilio-video`.
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

/** A reason for the end of a stay, in Rollcall's own words. */
export type EndReason = keyof typeof END_REASON_ERROR_CODES

const optionalText = Type.Optional(Type.String())
const optionalInt = Type.Optional(Type.Integer())
const optionalFlag = Type.Optional(Type.Boolean())

/** What an event states of its room. Every fact is optional; times are unix milliseconds. */
export const RoomFacts = Type.Object({
  nativeKey: optionalText,
  name: optionalText,
  startedAtMs: optionalInt,
  /** The end minus the stated duration, which is in whole seconds; used only if no start is stated. */
  startedAtMsEstimated: optionalInt,
  type: Type.Optional(Type.Enum([...ROOM_TYPES])),
  maxParticipants: optionalInt,
  region: optionalText,
  mediaRegion: Type.Optional(Type.Enum([...MEDIA_REGIONS])),
  edgeLocation: Type.Optional(Type.Enum([...EDGE_LOCATIONS])),
  createdMethod: Type.Optional(Type.Enum([...CREATED_METHODS])),
  statusCallback: optionalText,
  statusCallbackMethod: Type.Optional(Type.Enum(['GET', 'POST'])),
  recordingEnabled: optionalFlag,
  /** Whether a recorder is in the room at this moment. It may only stream, or record nothing. */
  activeRecording: optionalFlag,
  recordingDurationSec: optionalInt,
  codecs: Type.Optional(Type.Array(Type.String())),
  /** What the application attached to the room; empty if it is stated that there is nothing. */
  metadata: optionalText,
  /** For a breakout room: the native key of the room that it belongs to. */
  breakoutOf: optionalText,
})

/** What an event states of its participant. Every fact is optional; times are unix milliseconds. */
export const ParticipantFacts = Type.Object({
  nativeKey: optionalText,
  identity: optionalText,
  /** What stands for the identity while no event states one: a JID, or an id in the room. Never what a guest types. */
  fallbackIdentity: optionalText,
  displayName: optionalText,
  kind: Type.Optional(Type.Enum([...PARTICIPANT_KINDS])),
  joinedAtMs: optionalInt,
  /** The leave minus the stated duration, which is in whole seconds; used only if no join is stated. */
  joinedAtMsEstimated: optionalInt,
  region: optionalText,
  mediaRegion: Type.Optional(Type.Enum([...MEDIA_REGIONS])),
  edgeLocation: Type.Optional(Type.Enum([...EDGE_LOCATIONS])),
  attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** What the application attached to the participant; empty if it is stated that there is nothing. */
  metadata: optionalText,
  publisherInfo: Type.Optional(Type.Record(Type.String(), Type.String())),
  codecs: Type.Optional(Type.Array(Type.String())),
  /**
   * The connection key: a native key that one person's stays share, one after another, such as a JID or a Janus id in
   * a room. A new stay under the key ends the stay before.
   */
  connectionKey: optionalText,
  /**
   * True if the server has one connection under the connection key at a time, and names the stay in every event. Then a
   * new stay that gets in shows a duplicate of the stay before, and a leave always belongs to the stay that it names.
   */
  isSoleConnection: optionalFlag,
  /** The `properties` of a Twilio participant summary. */
  properties: Type.Optional(Type.Record(Type.String(), Type.Union([Type.Boolean(), Type.Integer()]))),
})

/** One track. `codec` is a short name (`VP8`, `opus`, `AV1`), as `codecName` returns it. */
export const TrackFacts = Type.Object({
  key: Type.String(),
  kind: Type.Enum([...TRACK_KINDS]),
  codec: optionalText,
})

/** One recording. A `durationSec` of 0, stated at its end, says that nothing was recorded. */
export const RecordingFacts = Type.Object({
  key: Type.String(),
  durationSec: optionalInt,
})

const common = {
  /** Unique within an account, a room SID and a feed. A second event with the same key is a duplicate. */
  key: Type.String(),
  /** When it happened, by the source's clock, in unix milliseconds. */
  atMs: Type.Integer(),
  roomSid: Type.String(),
  room: RoomFacts,
}
const ofParticipant = { ...common, participantSid: Type.String(), participant: ParticipantFacts }
const ending = {
  /** One of END_REASON_ERROR_CODES, or a word of the source's own. */
  endReason: optionalText,
  /** The error code that the source states. It overrules the code of the reason. */
  errorCode: optionalInt,
  /** True if the feed inferred the reason from other events. */
  reasonInferred: optionalFlag,
}
/** True if the source was not told of the end, but noticed that the participant or the room is gone: it is inferred. */
const noticed = { noticed: optionalFlag }
/** When the source last showed that the participant or the room was still there, by its own clock. */
const lastSign = { lastSignMs: optionalInt }

function kind<K extends string, P extends Type.TProperties>(name: K, properties: P) {
  return Type.Object({ kind: Type.Literal(name), ...properties })
}

/** An event that a source states. */
export const StatedEvent = Type.Union([
  kind('room.started', common),
  kind('room.updated', common),
  kind('room.ended', { ...common, ...ending, ...noticed }),
  /** At this moment nobody is in the room but the participants of whom the same payload has a `participant.updated`. */
  kind('room.snapshot', common),
  kind('participant.joined', ofParticipant),
  kind('participant.left', { ...ofParticipant, ...ending, ...noticed }),
  kind('participant.failed', { ...ofParticipant, ...ending }),
  kind('participant.updated', ofParticipant),
  kind('track.published', { ...ofParticipant, track: TrackFacts }),
  kind('track.unpublished', { ...ofParticipant, track: TrackFacts }),
  kind('recording.started', { ...common, recording: RecordingFacts }),
  kind('recording.ended', { ...common, recording: RecordingFacts }),
])

/**
 * A payload that names the room and does not show that it is open, such as the news of a composition. Alone it makes no
 * room.
 */
const Mention = kind('room.mentioned', common)

/**
 * An event that Rollcall noticed itself. It never states a conclusion, such as a leave: the folds conclude from it, and
 * a stated event overrules them.
 */
export const Observation = Type.Union([
  /** The source states that the participant's connection (such as a Janus session or handle) is gone, but no leave. */
  kind('observation.participant_gone', { ...ofParticipant, ...ending }),
  /** The server's list of participants lacks the participant. */
  kind('observation.participant_absent', { ...ofParticipant, ...lastSign }),
  /** Nothing showed the participant from `lastSignMs` to `atMs`, while Rollcall received the feed. */
  kind('observation.participant_silent', { ...ofParticipant, ...ending, lastSignMs: Type.Integer() }),
  /** The participant went on in another room, such as a breakout room. */
  kind('observation.participant_moved', ofParticipant),
  /** The stay belongs to another instance of the room, `toRoomSid`, and is listed there. */
  kind('observation.participant_relocated', { ...ofParticipant, toRoomSid: Type.String() }),
  /** The server's list of rooms lacks the room. */
  kind('observation.room_absent', { ...common, ...lastSign }),
  /** Nobody was in the room from `lastSignMs` to `atMs`. */
  kind('observation.room_empty', { ...common, lastSignMs: Type.Integer() }),
  /** A later room has the name since `atMs`, and the server gives a name to one room at a time. */
  kind('observation.room_superseded', { ...common, ...ending }),
  /** The room's server stopped or was restarted. `lastSignMs` is the time of its last event before that. */
  kind('observation.server_gone', { ...common, ...ending, lastSignMs: Type.Integer() }),
])

/** The canonical event: what every feed decodes its payloads to, and the only input of the folds. */
export const Event = Type.Union([...StatedEvent.anyOf, Mention, ...Observation.anyOf])

/** The kinds of events, in the order of `Event`. */
export const EVENT_NAMES = Event.anyOf.map(variant => variant.properties.kind.const)

/** The canonical event; narrow it by `kind`. */
export type Event = Type.Static<typeof Event>
/** What an event states of its room. */
export type RoomFacts = Type.Static<typeof RoomFacts>
/** What an event states of its participant. */
export type ParticipantFacts = Type.Static<typeof ParticipantFacts>
/** One of PARTICIPANT_KINDS. */
export type ParticipantKind = (typeof PARTICIPANT_KINDS)[number]
/** One of ROOM_TYPES. */
export type RoomType = (typeof ROOM_TYPES)[number]
/** One of CODECS. */
export type Codec = (typeof CODECS)[number]
/** One of TRACK_KINDS. */
export type TrackKind = (typeof TRACK_KINDS)[number]
/** One of MEDIA_REGIONS. */
export type MediaRegion = (typeof MEDIA_REGIONS)[number]

/** An event of one participant; the other events are of the room alone. */
export type ParticipantEvent = Extract<Event, { participantSid: string }>

/** An event that Rollcall noticed itself. */
export type Observation = Type.Static<typeof Observation>

/** The observation that a stay is listed in another room. */
export type Relocation = Extract<Event, { kind: 'observation.participant_relocated' }>

/** A participant or a room ends once two of the server's lists, at least this far apart, lack it. */
export const ABSENCE_SPAN_MS = 10_000

/**
 * The short name of a codec from its MIME type or its name: `VP8` for `video/VP8`, `opus` for `audio/opus`. The name of
 * a codec that is not in CODECS is in capitals. `audio/red` is Opus in RED packets (RFC 2198), so its name is `opus`.
 */
export function codecName(mimeType: string): string {
  const name = mimeType.slice(mimeType.indexOf('/') + 1).toLowerCase()
  if (name === 'red') return 'opus'
  return CODECS.find(codec => codec.toLowerCase() === name) ?? name.toUpperCase()
}

/** True if the value is one of the words; narrows its type. */
export function isOneOf<T extends string>(words: readonly T[], value: unknown): value is T {
  return (words as readonly unknown[]).includes(value) // widened, because `includes` takes only a T
}

/** True for an event that Rollcall noticed itself. An observation never shows that somebody was present. */
export function isObservation(event: Event): event is Observation {
  return event.kind.startsWith('observation.')
}

/**
 * True for an event that shows that there is or was a room: without one, the room is not listed. A snapshot does not: it
 * may say that nobody is there, and otherwise the events of its participants show the room.
 */
export function showsRoom(event: Event): boolean {
  return !isObservation(event) && !MENTIONS.includes(event.kind)
}

const MENTIONS: readonly Event['kind'][] = [
  'room.mentioned',
  'room.snapshot',
  'recording.started',
  'recording.ended',
]

/**
 * True for a sign of presence: the room, and the participant if the event has one, were there at the time of the event.
 * A leave and an unpublished track are none, because they may be stated after the end.
 */
export function isPresence({ kind: name }: Event): boolean {
  return PRESENCE.includes(name)
}

const PRESENCE: readonly Event['kind'][] = [
  'room.started',
  'room.updated',
  'participant.joined',
  'participant.updated',
  'track.published',
]

/** True for the observation that a stay is listed in another room. */
export function isRelocation(event: Event): event is Relocation {
  return event.kind === 'observation.participant_relocated'
}

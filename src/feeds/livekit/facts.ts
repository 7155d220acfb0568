import {
  codecName,
  type Event,
  type ParticipantFacts,
  type ParticipantKind,
  type RoomFacts,
  type TrackKind,
} from '../../event.ts'
import { countOf, idOf, type Json, metadataOf, objectOf, omitUndefined, textOf, textsOf } from '../json.ts'
import { field, momentIn } from './protojson.ts'

type TrackFacts = Extract<Event, { kind: 'track.published' }>['track']

/** What a `livekit_models.proto` Room states. Track events carry only its SID and name, and so state nothing else. */
export function roomFacts(room: Json): RoomFacts {
  const startedAtMs = momentIn(room, 'creationTime')
  const isWhole = startedAtMs !== undefined
  const maxParticipants = countOf(field(room, 'maxParticipants'))
  return omitUndefined({
    nativeKey: idOf(room['sid']),
    name: textOf(room['name']),
    startedAtMs,
    type: 'group' as const,
    maxParticipants: maxParticipants === 0 ? undefined : maxParticipants,
    // JSON leaves out what is empty: a whole room without metadata has none.
    metadata: isWhole ? metadataOf(room['metadata']) : undefined,
    activeRecording: isWhole ? field(room, 'activeRecording') === true : undefined,
  })
}

/** What a `livekit_models.proto` ParticipantInfo states. */
export function participantFacts(participant: Json): ParticipantFacts {
  const joinedAtMs = momentIn(participant, 'joinedAt')
  const tracks = Array.isArray(participant['tracks']) ? participant['tracks'] : []
  const mimeTypes = tracks.flatMap(track => textOf(field(objectOf(track) ?? {}, 'mimeType')) ?? [])
  const identity = idOf(participant['identity'])
  return omitUndefined({
    nativeKey: idOf(participant['sid']),
    // An identity that joins anew loses its earlier connection (livekit/livekit, `RoomManager.StartSession`).
    connectionKey: identity,
    isSoleConnection: identity === undefined ? undefined : true,
    identity,
    displayName: textOf(participant['name']),
    // Track events carry only SID and identity: a kind that is missing there does not mean STANDARD.
    kind: joinedAtMs === undefined ? undefined : participantKind(participant),
    joinedAtMs,
    region: textOf(participant['region']),
    attributes: textsOf(participant['attributes']),
    metadata: joinedAtMs === undefined ? undefined : metadataOf(participant['metadata']),
    codecs: mimeTypes.length === 0 ? undefined : mimeTypes.map(codecName),
  })
}

/** What a `livekit_models.proto` TrackInfo states; undefined if it has no SID. */
export function trackFacts(track: Json | undefined): TrackFacts | undefined {
  const key = idOf(track?.['sid'])
  if (track === undefined || key === undefined) return undefined
  const mimeType = textOf(field(track, 'mimeType'))
  const codec = mimeType === undefined ? undefined : codecName(mimeType)
  return omitUndefined({ key, kind: trackKind(track['type']), codec })
}

/** Values of `livekit_models.proto` ParticipantInfo.Kind, by name and by number. 5 and 6 are not assigned. */
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

/** The kind of a participant. Its permissions decide where a server or a token states no kind of its own. */
function participantKind(participant: Json): ParticipantKind {
  const native = String(participant['kind'] ?? 'STANDARD')
  const kind = (Object.hasOwn(KINDS, native) ? KINDS[native] : undefined) ?? 'other'
  const permission = objectOf(participant['permission'])
  if (kind !== 'person') return kind
  if (permission?.['recorder'] === true) return 'recorder'
  if (permission?.['agent'] === true) return 'agent'
  return permission?.['hidden'] === true ? 'hidden' : 'person'
}

/** `livekit_models.proto` TrackType, by name and by number. AUDIO is the default, which JSON leaves out. */
function trackKind(type: unknown): TrackKind {
  if (type === 'VIDEO' || type === 1) return 'video'
  return type === 'DATA' || type === 2 ? 'data' : 'audio'
}

import type { EndReason, Event, ParticipantFacts } from '../../event.ts'
import { participantSid, roomSid } from '../../sid.ts'
import type { Reduced, Source } from '../feed.ts'
import { countOf, idOf, type Json, momentOf, objectOf, omitUndefined, textOf } from '../json.ts'
import type { Memory } from '../memory.ts'
import type { Payload } from '../payload.ts'

/** The event of one JaaS webhook: one for a webhook that names a session and a moment, else none. */
export function reduceJaas({ key, value }: Payload, _memory: Memory, { accountSid }: Source): Reduced {
  const event = eventOf(value, key, accountSid)
  if (event !== undefined) return { events: [event] }
  const name = textOf(value['eventType']) ?? 'without a type'
  return { events: [], reason: `JaaS event ${name} names no session or no moment` }
}

/** The values of `disconnectReason`, which leaves and most ends of calls have. Source: developer.8x8.com/jaas/docs, "Webhooks". */
const DISCONNECT_REASONS: Readonly<Record<string, EndReason>> = {
  left: 'client_left',
  kicked: 'disconnected_via_api',
  unknown: 'connection_lost',
  switch_room: 'moved',
  unrecoverable_error: 'media_failure',
}

function eventOf(webhook: Json, key: string, accountSid: string): Event | undefined {
  const session = idOf(webhook['sessionId'])
  const atMs = momentOf(webhook['timestamp'])
  if (session === undefined || atMs === undefined) return undefined
  const data = objectOf(webhook['data']) ?? {}
  const breakoutId = isTrue(data['isBreakout']) ? idOf(data['breakoutRoomId']) : undefined
  const instance = breakoutId === undefined ? session : `${session}/${breakoutId}`
  const fqn = textOf(webhook['fqn'])
  const room = omitUndefined({
    nativeKey: instance,
    // `fqn` is `appId/room`, and a room's own name holds no slash.
    name: fqn?.slice(fqn.lastIndexOf('/') + 1),
    type: 'group' as const,
    breakoutOf: breakoutId === undefined ? undefined : session,
  })
  const common = { key, atMs, roomSid: roomSid(accountSid, 'jaas', instance), room }
  const type = webhook['eventType']
  return roomEvent(type, session, data, common) ?? stayEvent(type, data, common)
}

type Common = Pick<Event, 'key' | 'atMs' | 'roomSid' | 'room'>

function roomEvent(type: unknown, session: string, data: Json, common: Common): Event | undefined {
  switch (type) {
    case 'ROOM_CREATED':
      return { kind: 'room.started', ...common }
    case 'ROOM_DESTROYED':
      return { kind: 'room.ended', ...common }
    // A recording has no id before it is uploaded.
    case 'RECORDING_STARTED':
      return { kind: 'recording.started', ...common, recording: { key: session } }
    case 'RECORDING_ENDED':
      return { kind: 'recording.ended', ...common, recording: { key: session } }
    case 'RECORDING_UPLOADED':
      return uploadEvent(data, common)
    default:
      return undefined
  }
}

/** The upload of a recording, which follows the end of the meeting, states when the recording ended and its length. */
function uploadEvent(data: Json, common: Common): Event {
  const atMs = Math.min(momentOf(data['endTimestamp']) ?? common.atMs, common.atMs)
  const key = idOf(data['recordingSessionId']) ?? idOf(data['startTimestamp']) ?? common.key
  const recording = omitUndefined({ key, durationSec: countOf(data['durationSec']) })
  return { kind: 'recording.ended', ...common, atMs, recording }
}

interface StayEvent {
  readonly isJoin: boolean
  /** True for a caller by phone or SIP. JaaS sends PARTICIPANT_JOINED and PARTICIPANT_LEFT for other participants only. */
  readonly isCall: boolean
}

/** The events that begin or end a stay. Source: developer.8x8.com/jaas/docs, "Webhooks". */
const STAY_EVENTS: ReadonlyMap<unknown, StayEvent> = new Map([
  ['PARTICIPANT_JOINED', { isJoin: true, isCall: false }],
  ['PARTICIPANT_LEFT', { isJoin: false, isCall: false }],
  ['DIAL_IN_STARTED', { isJoin: true, isCall: true }],
  ['DIAL_IN_ENDED', { isJoin: false, isCall: true }],
  ['DIAL_OUT_STARTED', { isJoin: true, isCall: true }],
  ['DIAL_OUT_ENDED', { isJoin: false, isCall: true }],
  ['SIP_CALL_IN_STARTED', { isJoin: true, isCall: true }],
  ['SIP_CALL_IN_ENDED', { isJoin: false, isCall: true }],
  ['SIP_CALL_OUT_STARTED', { isJoin: true, isCall: true }],
  ['SIP_CALL_OUT_ENDED', { isJoin: false, isCall: true }],
])

/**
 * A join or a leave. A leave does not say which join it ends: both have the JID as their connection key, by which the
 * fold joins them. Every other event, also one of the lobby, only mentions the room.
 */
function stayEvent(type: unknown, data: Json, common: Common): Event {
  const told = STAY_EVENTS.get(type)
  const jid = told && jidOf(data, told)
  if (told === undefined || jid === undefined) return { kind: 'room.mentioned', ...common }
  const stayKey = told.isJoin ? `${jid}@${common.atMs}` : `${jid}@left@${common.atMs}`
  const participant = participantFacts(jid, data, told, common.atMs)
  const stay = { ...common, participantSid: participantSid(common.roomSid, stayKey), participant }
  if (told.isJoin) return { kind: 'participant.joined', ...stay }
  const endReason = endReasonOf(textOf(data['disconnectReason']))
  return { kind: 'participant.left', ...stay, ...omitUndefined({ endReason }) }
}

/** Calls may share the bare JID of one Jigasi. Newer webhooks also have the full JID, which is that of one call. */
function jidOf(data: Json, { isCall }: StayEvent): string | undefined {
  return (isCall ? idOf(data['participantFullJid']) : undefined) ?? idOf(data['participantJid'])
}

/**
 * `id` is that of the JWT; `name` is what was typed before joining, and `nick` the number or the name of a caller. After
 * a lost connection a leave may lack all of them, so that only a join shows that there is no `id`.
 */
function participantFacts(
  jid: string,
  data: Json,
  { isJoin, isCall }: StayEvent,
  atMs: number,
): ParticipantFacts {
  return omitUndefined({
    nativeKey: jid,
    connectionKey: jid,
    identity: idOf(data['id']),
    fallbackIdentity: isJoin ? jid : undefined,
    displayName: textOf(data['nick']) ?? textOf(data['name']) ?? textOf(data['sipAddress']),
    kind: isCall ? ('sip' as const) : undefined,
    joinedAtMs: isJoin ? atMs : undefined,
  })
}

/** The reason of a leave; undefined if none is stated. */
function endReasonOf(native: string | undefined): EndReason | undefined {
  if (native === undefined) return undefined
  return (Object.hasOwn(DISCONNECT_REASONS, native) ? DISCONNECT_REASONS[native] : undefined) ?? 'unknown'
}

/** JaaS writes a flag as a boolean or as a text. */
function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}

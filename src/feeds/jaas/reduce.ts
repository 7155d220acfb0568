import type { EndReason, Event, ParticipantFacts } from '../../event.ts'
import { participantSid, roomSid } from '../../sid.ts'
import type { Reduced, Source } from '../feed.ts'
import { idOf, type Json, momentOf, objectOf, omitUndefined, textOf } from '../json.ts'
import type { Memory } from '../memory.ts'
import type { Payload } from '../payload.ts'

/** The event of one JaaS webhook: one for a webhook that names a session and a moment, else none. */
export function reduceJaas({ key, value }: Payload, _memory: Memory, { accountSid }: Source): Reduced {
  const event = eventOf(value, key, accountSid)
  if (event !== undefined) return { events: [event] }
  const name = textOf(value['eventType']) ?? 'without a type'
  return { events: [], reason: `JaaS event ${name} names no session or no moment` }
}

/** The values of `disconnectReason` of PARTICIPANT_LEFT. Source: developer.8x8.com/jaas/docs, "Webhooks". */
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
  return roomEvent(webhook['eventType'], session, common) ?? stayEvent(webhook['eventType'], data, common)
}

type Common = Pick<Event, 'key' | 'atMs' | 'roomSid' | 'room'>

function roomEvent(type: unknown, session: string, common: Common): Event | undefined {
  switch (type) {
    case 'ROOM_CREATED':
      return { kind: 'room.started', ...common }
    case 'ROOM_DESTROYED':
      return { kind: 'room.ended', ...common }
    case 'RECORDING_STARTED':
      return { kind: 'recording.started', ...common, recording: { key: session } }
    case 'RECORDING_ENDED':
      return { kind: 'recording.ended', ...common, recording: { key: session } }
    default:
      return undefined
  }
}

/**
 * A join or a leave. A leave does not say which join it ends: both have the JID as their connection key, by which the
 * fold joins them. `id` is that of the JWT; `name` is what was typed before joining. After a lost connection a leave may
 * lack both, so that only a join shows that there is no `id`. Every other event, also one of the lobby, only mentions the
 * room.
 */
function stayEvent(type: unknown, data: Json, common: Common): Event {
  const jid = idOf(data['participantJid'])
  const isJoin = type === 'PARTICIPANT_JOINED'
  if (jid === undefined || (!isJoin && type !== 'PARTICIPANT_LEFT')) {
    return { kind: 'room.mentioned', ...common }
  }
  const stayKey = isJoin ? `${jid}@${common.atMs}` : `${jid}@left@${common.atMs}`
  const participant: ParticipantFacts = omitUndefined({
    nativeKey: jid,
    connectionKey: jid,
    identity: idOf(data['id']),
    fallbackIdentity: isJoin ? jid : undefined,
    displayName: textOf(data['name']),
    joinedAtMs: isJoin ? common.atMs : undefined,
  })
  const stay = { ...common, participantSid: participantSid(common.roomSid, stayKey), participant }
  if (isJoin) return { kind: 'participant.joined', ...stay }
  const endReason = endReasonOf(textOf(data['disconnectReason']))
  return { kind: 'participant.left', ...stay, ...omitUndefined({ endReason }) }
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

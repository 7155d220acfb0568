import type { EndReason } from '../../event.ts'
import { type Json, objectOf, omitUndefined } from '../json.ts'
import { field } from './protojson.ts'

/** Why a participant left. `errorCode` is given only where it differs from the one that Twilio has for the reason. */
export interface LeaveReason {
  readonly endReason: EndReason
  readonly errorCode?: number
}

/** The reason that a ParticipantInfo states for a leave. */
export function leaveReasonOf(participant: Json): LeaveReason {
  const native = field(participant, 'disconnectReason') ?? 'UNKNOWN_REASON'
  const row = DISCONNECT_REASONS.find(({ name }, number) => name === native || number === native)
  return row?.reason ?? { endReason: 'unknown' }
}

/** The reason that a ParticipantInfo states for an attempt to join that failed. */
export function abortReasonOf(participant: Json): LeaveReason {
  const reason = leaveReasonOf(participant)
  return NO_CAUSE.includes(reason.endReason) ? { endReason: 'join_failed' } : reason
}

/** The reason that the webhook of a room's end states, since protocol 1.52; empty if it says nothing of that kind. */
export function roomEndReasonOf(webhook: Json): { endReason?: EndReason } {
  const native = field(webhook, 'roomEndReason') ?? field(objectOf(webhook['room']) ?? {}, 'roomEndReason')
  const row = ROOM_END_REASONS.find(
    ({ name }, number) => name === native || name === `ROOM_END_${native}` || number === native,
  )
  return omitUndefined({ endReason: row?.reason })
}

/**
 * The values of `livekit_models.proto` RoomEndReason. Each stands at the index that is its number. A stay that is still
 * there ends as LiveKit would have told the participant: `RoomCloseReason.ToParticipantCloseReason` of livekit-server.
 */
const ROOM_END_REASONS: readonly { readonly name: string; readonly reason?: EndReason }[] = [
  { name: 'ROOM_END_UNKNOWN' },
  { name: 'ROOM_END_API_DELETE', reason: 'room_ended_via_api' },
  { name: 'ROOM_END_IDLE_TIMEOUT', reason: 'timeout' },
  { name: 'ROOM_END_SERVER_SHUTDOWN', reason: 'server_shutdown' },
  // The room was restarted, or replaced elsewhere: its participants are told ROOM_CLOSED, and join the new room anew.
  { name: 'ROOM_END_SUPERSEDED' },
  { name: 'ROOM_END_OPEN_FAILED' },
]

/** The values of `livekit_models.proto` DisconnectReason. Each stands at the index that is its number. */
const DISCONNECT_REASONS: readonly { readonly name: string; readonly reason: LeaveReason }[] = [
  { name: 'UNKNOWN_REASON', reason: { endReason: 'unknown' } },
  { name: 'CLIENT_INITIATED', reason: { endReason: 'client_left' } },
  { name: 'DUPLICATE_IDENTITY', reason: { endReason: 'duplicate_identity' } },
  { name: 'SERVER_SHUTDOWN', reason: { endReason: 'server_shutdown' } },
  { name: 'PARTICIPANT_REMOVED', reason: { endReason: 'disconnected_via_api' } },
  { name: 'ROOM_DELETED', reason: { endReason: 'room_ended_via_api' } },
  { name: 'STATE_MISMATCH', reason: { endReason: 'connection_lost' } },
  { name: 'JOIN_FAILURE', reason: { endReason: 'join_failed' } },
  { name: 'MIGRATION', reason: { endReason: 'moved' } },
  { name: 'SIGNAL_CLOSE', reason: { endReason: 'connection_lost' } },
  { name: 'ROOM_CLOSED', reason: { endReason: 'room_ended' } },
  { name: 'USER_UNAVAILABLE', reason: { endReason: 'rejected' } },
  { name: 'USER_REJECTED', reason: { endReason: 'rejected' } },
  { name: 'SIP_TRUNK_FAILURE', reason: { endReason: 'join_failed' } },
  // Twilio's 53405 is "Media connection failed"; connection_lost alone is 53001.
  { name: 'CONNECTION_TIMEOUT', reason: { endReason: 'connection_lost', errorCode: 53405 } },
  { name: 'MEDIA_FAILURE', reason: { endReason: 'media_failure' } },
  { name: 'AGENT_ERROR', reason: { endReason: 'unknown' } },
]

/** Reasons that do not say why an attempt to join failed. */
const NO_CAUSE: readonly EndReason[] = ['unknown', 'client_left', 'connection_lost', 'room_ended']

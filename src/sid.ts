import { v5 as uuidv5 } from 'uuid'

const NAMESPACE = '7d1c4c1e-5f0b-5d1a-9a57-0f6a52d8c0b1'

export const ACCOUNT_SID = /^AC[0-9a-fA-F]{32}$/
export const KEY_SID = /^SK[0-9a-fA-F]{32}$/
export const ROOM_SID = /^RM[0-9a-fA-F]{32}$/
export const PARTICIPANT_SID = /^PA[0-9a-fA-F]{32}$/

/**
 * The SID of a room for which the source states no Twilio SID: `RM` and the hex digits of a UUIDv5 (RFC 9562) over the
 * account, the kind of the feed and the native key of the room instance. Feeds whose native keys are unique within one
 * server only give the id of the feed instead of its kind. Two servers derive the same SID from the same events.
 */
export function roomSid(accountSid: string, feedKindOrId: string, instanceKey: string): string {
  return sid('RM', [accountSid, feedKindOrId, instanceKey])
}

/** The SID of a participant for whom the source states none: `PA` and a UUIDv5 over room SID and native key. */
export function participantSid(room: string, participantKey: string): string {
  return sid('PA', [room, participantKey])
}

/** The id of a feed: `FD` and a UUIDv5 over account, kind and the feed's first key. It stays when the key changes. */
export function feedId(accountSid: string, kind: string, authKey: string): string {
  return sid('FD', [accountSid, kind, authKey])
}

function sid(prefix: string, parts: readonly string[]): string {
  return prefix + uuidv5(parts.join('\0'), NAMESPACE).replaceAll('-', '')
}

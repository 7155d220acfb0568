import { v5 as uuidv5 } from 'uuid'

const NAMESPACE = '7d1c4c1e-5f0b-5d1a-9a57-0f6a52d8c0b1'

export const ACCOUNT_SID = /^AC[0-9a-fA-F]{32}$/
export const KEY_SID = /^SK[0-9a-fA-F]{32}$/
export const ROOM_SID = /^RM[0-9a-fA-F]{32}$/
export const PARTICIPANT_SID = /^PA[0-9a-fA-F]{32}$/

/**
 * The SID of a room that has none of Twilio's: `RM` and the hex digits of a UUIDv5 (RFC 9562) over
 * account, feed kind and the native key of the room instance. Two servers that hear the same room agree on it.
 */
export function roomSid(accountSid: string, feedKind: string, instanceKey: string): string {
  return sid('RM', [accountSid, feedKind, instanceKey])
}

/** The SID of a participant that has none of Twilio's: `PA` and a UUIDv5 over room SID and native participant key. */
export function participantSid(room: string, participantKey: string): string {
  return sid('PA', [room, participantKey])
}

/** The id of a feed: `FD` and a UUIDv5 over account, kind and the key it was first found by. It never changes. */
export function feedId(accountSid: string, kind: string, authKey: string): string {
  return sid('FD', [accountSid, kind, authKey])
}

function sid(prefix: string, parts: readonly string[]): string {
  return prefix + uuidv5(parts.join('\0'), NAMESPACE).replaceAll('-', '')
}

import type { ParticipantFacts, ParticipantKind, RoomFacts } from '../../event.ts'
import { idOf, type Json, momentOf, objectOf, omitUndefined, textOf } from '../json.ts'
import type { Creation } from './entries.ts'

/** What the body of a request of event_sync says. */
export interface Told {
  readonly room: JitsiRoom
  /** The latest moment in the body, in unix milliseconds. */
  readonly atMs: number
  /** For a room that was created or destroyed: both say when it was created. */
  readonly creation: Creation | undefined
  readonly occupants: readonly Occupant[]
}

/** A room, whatever its instance. */
export interface JitsiRoom {
  /** The JID of the room. For a breakout room: the JID of its main room, and its own id after it. */
  readonly key: string
  /** The JID of the room, or of the main room of a breakout room. */
  readonly mainJid: string
  readonly facts: RoomFacts
}

/** One stay of one connection. */
export interface Occupant {
  /** Where the occupant is in the body. */
  readonly index: number
  readonly jid: string
  readonly joinedAtMs: number
  readonly leftAtMs: number | undefined
  readonly facts: ParticipantFacts
}

/** The members of a body and of an occupant that hold moments. */
const MOMENTS = ['created_at', 'destroyed_at', 'joined_at', 'left_at']

/**
 * Reads a body, or says why no event follows from it.
 * Source: jitsi-contrib/prosody-plugins, event_sync (README, and mod_event_sync_component.lua at commit cd9b905).
 */
export function readBody(value: Json): Told | { readonly reason: string } {
  const name = value['event_name']
  const atMs = latestMoment(value)
  if (atMs === undefined) return { reason: `Jitsi event ${textOf(name) ?? 'without a name'} names no moment` }
  const room = roomOf(value)
  if (room === undefined) return { reason: 'It names no room' }
  switch (name) {
    case 'muc-room-created':
    case 'muc-room-destroyed': {
      const createdAtMs = momentOf(value['created_at'])
      if (createdAtMs === undefined) return { reason: 'It does not say when the room was created' }
      const creation = { createdAtMs, destroyedAtMs: momentOf(value['destroyed_at']) }
      return { room, atMs, creation, occupants: listOf(value['all_occupants']).flatMap(occupantsOf) }
    }
    case 'muc-occupant-joined':
    case 'muc-occupant-left': {
      const occupants = occupantsOf(value['occupant'], 0)
      // The module leaves `occupant` out if the occupant joined before the module knew the room.
      if (occupants.length === 0) return { reason: 'It names no occupant with a JID and a join time' }
      return { room, atMs, creation: undefined, occupants }
    }
    default:
      return { reason: 'event_sync has no such event' }
  }
}

/** The latest moment that a body states of its room or of an occupant, in unix milliseconds. */
export function latestMoment(value: Json): number | undefined {
  const holders = [value, ...[value['occupant'], ...listOf(value['all_occupants'])].map(objectOf)]
  const moments = holders.flatMap(holder => MOMENTS.flatMap(name => momentOf(holder?.[name]) ?? []))
  return moments.length === 0 ? undefined : moments.reduce((a, b) => Math.max(a, b))
}

/** Lua writes an empty list as an empty object. */
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function roomOf(value: Json): JitsiRoom | undefined {
  const mainJid = idOf(value['room_jid'])
  if (mainJid === undefined) return undefined
  const breakoutId = value['is_breakout'] === true ? idOf(value['breakout_room_id']) : undefined
  const key = breakoutId === undefined ? mainJid : `${mainJid}/${breakoutId}`
  const breakoutOf = breakoutId === undefined ? undefined : mainJid
  const name = textOf(value['room_name'])
  return { key, mainJid, facts: omitUndefined({ nativeKey: key, name, type: 'group' as const, breakoutOf }) }
}

/** The occupant, if it has a JID and a join time. */
function occupantsOf(value: unknown, index: number): Occupant[] {
  const occupant = objectOf(value)
  const jid = idOf(occupant?.['occupant_jid'])
  const joinedAtMs = momentOf(occupant?.['joined_at'])
  if (occupant === undefined || jid === undefined || joinedAtMs === undefined) return []
  const facts = { ...participantFacts(jid, occupant), joinedAtMs }
  return [{ index, jid, joinedAtMs, leftAtMs: momentOf(occupant['left_at']), facts }]
}

/**
 * Only `id` is always that of the user in the JWT. Where the JWT has no name or e-mail address, the module sends what
 * the guest typed. Source: jitsi-contrib/prosody-plugins, pull request 56 (June 2026).
 */
function participantFacts(jid: string, occupant: Json): ParticipantFacts {
  const kind = kindOf(jid)
  return omitUndefined({
    nativeKey: jid,
    connectionKey: jid,
    identity: idOf(occupant['id']),
    // All callers may share the bare JID of one Jigasi.
    fallbackIdentity: kind === 'sip' ? jid : jid.split('/', 1)[0],
    displayName: textOf(occupant['name']),
    kind,
  })
}

/** Jibri and the transcriber join under a domain of their own, Jigasi and Jicofo under names of their own. */
function kindOf(jid: string): ParticipantKind {
  const [, node = '', domain = ''] = /^([^@/]*)@([^/]*)/.exec(jid) ?? []
  // A letter after the name makes it another one: `jibril` is a person, `jibri-7` is not.
  const isNamed = (names: string) => new RegExp(`^(?:${names})(?!\\p{L})`, 'iu').test(node)
  if (/^(?:recorder|hidden)\./.test(domain) || isNamed('recorder|jibri|transcriber')) return 'recorder'
  if (isNamed('jigasi')) return 'sip'
  return /^(?:focus|jvb)$/.test(node) ? 'other' : 'person'
}

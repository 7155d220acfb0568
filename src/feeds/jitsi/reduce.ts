import type { Event, ParticipantFacts, ParticipantKind, RoomFacts } from '../../event.ts'
import { participantSid } from '../../sid.ts'
import type { Linked, Payload, Source } from '../feed.ts'
import { type Json, known, momentOf, objectOf, textOf } from '../json.ts'
import type { Memory } from '../memory.ts'
import { roomSuperseded } from '../observation.ts'
import { movesBetweenRooms } from './breakouts.ts'
import { findInstance, learnInstance } from './instances.ts'

/**
 * The events of one request of event_sync. Requests come in any order, and joins do not say which instance of a room
 * they are of: that follows from the times at which its instances were created and destroyed, as far as they are known.
 */
export async function linkJitsi(payload: Payload, memory: Memory, source: Source): Promise<Linked> {
  const { value, payloadKey } = payload
  const room = roomOf(value)
  if (room === undefined) return { events: [], reason: 'It names no room' }
  const context: Context = { payloadKey, memory, source, room }
  switch (value['event_name']) {
    case 'muc-room-created':
    case 'muc-room-destroyed':
      return await linkRoom(context, value)
    case 'muc-occupant-joined':
    case 'muc-occupant-left': {
      const told = await linkOccupant(context, objectOf(value['occupant']), 0)
      return told ?? { events: [], reason: 'It names no occupant: the module had none either' }
    }
    default:
      return { events: [], reason: 'event_sync has no such event' }
  }
}

/** A room, whatever its instance. */
export interface JitsiRoom {
  /** The JID of the room; of a breakout, its own id after it. */
  readonly key: string
  /** The JID of the room, or of the one that it is broken out of. */
  readonly mainJid: string
  readonly facts: RoomFacts
}

interface Context {
  readonly payloadKey: string
  readonly memory: Memory
  readonly source: Source
  readonly room: JitsiRoom
}

function roomOf(value: Json): JitsiRoom | undefined {
  const mainJid = textOf(value['room_jid'])
  if (mainJid === undefined) return undefined
  const breakoutId = value['is_breakout'] === true ? textOf(value['breakout_room_id']) : undefined
  const key = breakoutId === undefined ? mainJid : `${mainJid}/${breakoutId}`
  const breakoutOf = breakoutId === undefined ? undefined : mainJid
  const name = textOf(value['room_name'])
  return { key, mainJid, facts: known({ nativeKey: key, name, type: 'group' as const, breakoutOf }) }
}

/** A creation or a destruction: both say when the instance was created. */
async function linkRoom({ payloadKey, memory, source, room }: Context, value: Json): Promise<Linked> {
  const createdAtMs = momentOf(value['created_at'])
  if (createdAtMs === undefined) return { events: [], reason: 'It does not say when the room was created' }
  const destroyedAtMs = momentOf(value['destroyed_at'])
  const learned = await learnInstance(memory, source, room.key, { createdAtMs, destroyedAtMs })
  const { roomSid, moves, claims, superseded } = learned
  const facts = { ...room.facts, startedAtMs: createdAtMs }
  const events: Event[] = [
    { kind: 'room.started', key: `${payloadKey}#created`, atMs: createdAtMs, roomSid, room: facts },
  ]
  if (destroyedAtMs !== undefined) {
    events.push({
      kind: 'room.ended',
      key: `${payloadKey}#destroyed`,
      atMs: destroyedAtMs,
      roomSid,
      room: facts,
    })
  }
  events.push(...superseded.map(sid => roomSuperseded(sid, createdAtMs)))
  const linked = { events, moves, claims: [...claims] }
  // Lua writes an empty list as an empty object.
  const occupants = Array.isArray(value['all_occupants']) ? value['all_occupants'] : []
  for (const [index, occupant] of occupants.entries()) {
    const told = await linkOccupant({ payloadKey, memory, source, room }, objectOf(occupant), index)
    linked.events.push(...(told?.events ?? []))
    linked.claims.push(...(told?.claims ?? []))
  }
  return linked
}

async function linkOccupant(
  { payloadKey, memory, source, room }: Context,
  occupant: Json | undefined,
  index: number,
): Promise<Linked | undefined> {
  const jid = textOf(occupant?.['occupant_jid'])
  const joinedAtMs = momentOf(occupant?.['joined_at'])
  if (occupant === undefined || jid === undefined || joinedAtMs === undefined) return undefined
  const leftAtMs = momentOf(occupant['left_at'])
  // Not of the room's SID: a stay keeps its own when it turns out to be of another instance.
  const sid = participantSid(`${source.accountSid}|${source.feedId}|${room.key}`, `${jid}@${joinedAtMs}`)
  const found = await findInstance(memory, source, room.key, { joinedAtMs, participantSid: sid })
  const { roomSid, claims, superseded } = found
  const participant = { ...participantFacts(jid, occupant), joinedAtMs }
  const common = { roomSid, room: room.facts, participantSid: sid, participant }
  const events: Event[] = [
    { kind: 'participant.joined', key: `${payloadKey}#${index}.joined`, atMs: joinedAtMs, ...common },
  ]
  if (leftAtMs !== undefined) {
    events.push({ kind: 'participant.left', key: `${payloadKey}#${index}.left`, atMs: leftAtMs, ...common })
  }
  events.push(...superseded.map(over => roomSuperseded(over, joinedAtMs)))
  const stay = { roomKey: room.key, participantSid: sid, joinedAtMs, leftAtMs }
  events.push(...(await movesBetweenRooms(memory, source, room.mainJid, jid, stay)))
  return { events, claims }
}

function participantFacts(jid: string, occupant: Json): ParticipantFacts {
  const name = textOf(occupant['name'])
  const identity = textOf(occupant['id']) ?? textOf(occupant['email']) ?? name ?? jid.split('/', 1)[0]
  return known({ nativeKey: jid, seatKey: jid, identity, displayName: name, kind: kindOf(jid) })
}

/** Jibri and the transcriber join under a domain of their own, Jigasi and the focus under names of their own. */
export function kindOf(jid: string): ParticipantKind {
  const [, node = '', domain = ''] = /^([^@/]*)@([^/]*)/.exec(jid) ?? []
  // The name alone or with a number: people may have names that begin so.
  const isNamed = (names: string) => new RegExp(`^(?:${names})(?!\\p{L})`, 'iu').test(node)
  if (/^(?:recorder|hidden)\./.test(domain) || isNamed('recorder|jibri|transcriber')) return 'recorder'
  if (isNamed('jigasi')) return 'sip'
  return /^(?:focus|jvb)$/.test(node) ? 'other' : 'person'
}

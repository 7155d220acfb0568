import { codecName, type Event, isOneOf, type ParticipantFacts, TRACK_KINDS } from '../../event.ts'
import { participantSid } from '../../sid.ts'
import type { Linked } from '../feed.ts'
import { type Json, known, objectOf, textOf } from '../json.ts'
import { roomSuperseded } from '../observation.ts'
import { closeMember, freeHandle, ofMember, openMember, showMember, whyLeft } from './members.ts'
import { type Member, memberId } from './memory.ts'
import { idOf, type JanusContext } from './reduce.ts'
import { emptyEvent, emptyEvents, leaveRoom, newRoom, openRoom, roomFacts } from './rooms.ts'

const VIDEOROOM = 'janus.plugin.videoroom'
const TELL_THE_NAME: readonly unknown[] = ['joined', 'published']
const NOTHING: Linked = { events: [], reason: 'It tells of no participant' }

/** The events of one event of the videoroom plugin. */
export async function linkVideoroom(event: Json, context: JanusContext): Promise<Linked> {
  const data = objectOf(event['data']) ?? {}
  const nativeRoom = idOf(data['room'])
  if (event['plugin'] !== VIDEOROOM || nativeRoom === undefined) return NOTHING
  const nativeId = idOf(data['id'])
  const told: Told = { context, data, nativeRoom, nativeId: nativeId ?? '' }
  switch (data['event']) {
    case 'created':
      return await created(told)
    case 'destroyed':
      return await destroyed(told)
  }
  if (nativeId === undefined) return NOTHING
  switch (data['event']) {
    case 'joined':
      return await joined(told)
    case 'configured':
    case 'published':
    case 'updated':
      return await published(told)
    case 'unpublished':
      return await unpublished(told)
    case 'leaving':
      return await left(told, undefined)
    case 'kicked':
      return await left(told, { endReason: 'disconnected_via_api' })
    default:
      return NOTHING
  }
}

interface Told {
  readonly context: JanusContext
  readonly data: Json
  readonly nativeRoom: string
  /** The participant's id; empty where the event is of the room. */
  readonly nativeId: string
}

async function created({ context, nativeRoom }: Told): Promise<Linked> {
  const { memory, atMs, payloadKey } = context
  const before = await memory.get('room', nativeRoom)
  const { room, claims } = await newRoom(context, nativeRoom, true)
  const { roomSid } = room
  const events: Event[] = [
    { kind: 'room.started', key: `${payloadKey}#0`, atMs, roomSid, room: roomFacts(nativeRoom) },
  ]
  // Janus has one room under an id at a time: that the one before was destroyed was lost.
  if (before?.emptySinceMs !== undefined) events.push(...emptyEvents(before, atMs))
  else if (before !== undefined) events.push(roomSuperseded(before.roomSid, atMs))
  return { events, claims }
}

/** Members hear of it as a hangup alone. */
async function destroyed({ context, nativeRoom }: Told): Promise<Linked> {
  const { memory, atMs, payloadKey } = context
  const room = await memory.get('room', nativeRoom)
  if (room === undefined) return { events: [], reason: 'Nothing was heard of the room that is destroyed' }
  await memory.delete('room', nativeRoom)
  for (const member of await memory.all('member')) {
    if (member.roomSid !== room.roomSid) continue
    await memory.set('member', memberId(nativeRoom, member.nativeId), { ...member, isOver: true })
  }
  const ended = { atMs, roomSid: room.roomSid, room: roomFacts(nativeRoom), endReason: 'room_ended_via_api' }
  return { events: [{ kind: 'room.ended', key: `${payloadKey}#0`, ...ended }] }
}

async function joined({ context, data, nativeRoom, nativeId }: Told): Promise<Linked> {
  const { atMs, payloadKey } = context
  const { member, events, claims } = await letIn(context, nativeRoom, nativeId)
  const facts = ofMember(member)
  const participant = { ...facts.participant, ...participantFacts(context, data, nativeId), joinedAtMs: atMs }
  const join: Event = { kind: 'participant.joined', key: `${payloadKey}#0`, atMs, ...facts, participant }
  return { events: [...events, join], claims }
}

async function letIn(context: JanusContext, nativeRoom: string, nativeId: string) {
  const freed = await freeHandle(context, memberId(nativeRoom, nativeId))
  const { room, events, claims } = await openRoom(context, nativeRoom)
  const member = await openMember(context, room, nativeId)
  return { member, events: [...freed, ...events], claims }
}

/** Has session, handle and opaque id, as a join has: where that was lost this is the first sign of the stay. */
async function published(told: Told): Promise<Linked> {
  const { context, data, nativeRoom, nativeId } = told
  const { memory, atMs, payloadKey } = context
  const key = memberId(nativeRoom, nativeId)
  const before = await memory.get('member', key)
  const isNew = before === undefined || before.isOver === true
  if (!isNew && data['event'] === 'configured' && before.toldSilentMs === undefined) return NOTHING
  const { member, events, claims } = isNew
    ? await letIn(context, nativeRoom, nativeId)
    : { member: before, events: [], claims: [] }
  if (!isNew) await showMember(context, member, member.lastMediaMs === undefined ? {} : { lastMediaMs: atMs })
  const facts = ofMember(member)
  const participant = { ...facts.participant, ...participantFacts(context, data, nativeId) }
  const common = { atMs, ...facts, participant }
  events.push({ kind: 'participant.updated', key: `${payloadKey}#seen`, ...common })
  const streams = Array.isArray(data['streams']) ? data['streams'].map(objectOf) : []
  for (const [index, stream] of streams.entries()) {
    const kind = stream?.['type']
    if (!isOneOf(TRACK_KINDS, kind)) continue
    const codec = textOf(stream?.['codec'])
    const mid = idOf(stream?.['mid']) ?? String(index)
    const track = known({ key: mid, kind, codec: codec === undefined ? undefined : codecName(codec) })
    events.push({ kind: 'track.published', key: `${payloadKey}#${index}`, ...common, track })
  }
  return { events, claims }
}

/** May come three times, and for people who never published: it shows that they are there, and no more. */
async function unpublished({ context, nativeRoom, nativeId }: Told): Promise<Linked> {
  const { memory, atMs, payloadKey } = context
  const key = memberId(nativeRoom, nativeId)
  const member = await memory.get('member', key)
  if (member === undefined || member.isOver) return NOTHING
  await showMember(context, member, { lastMediaMs: undefined, mediaEndedMs: atMs })
  return { events: [{ kind: 'participant.updated', key: `${payloadKey}#seen`, atMs, ...ofMember(member) }] }
}

/** Names room and id alone. */
async function left(told: Told, stated: { endReason: string } | undefined): Promise<Linked> {
  const { context, nativeRoom, nativeId } = told
  const { memory, atMs, payloadKey } = context
  const key = memberId(nativeRoom, nativeId)
  const known = await memory.get('member', key)
  if (known === undefined) return await leftUnheard(told, stated)
  const why = stated ?? (await whyLeft(context, known))
  await closeMember(context, key)
  const leave: Event = { kind: 'participant.left', key: `${payloadKey}#0`, atMs, ...ofMember(known), ...why }
  const isElsewhere = !known.isOver && (await memory.get('room', nativeRoom))?.roomSid !== known.roomSid
  // Whoever was still there was silent when the next instance began.
  return { events: isElsewhere ? [leave, emptyEvent(known, atMs, atMs)] : [leave] }
}

/** Who leaves without ever having been heard of was there, and nobody knows since when or who. */
async function leftUnheard(told: Told, stated: { endReason: string } | undefined): Promise<Linked> {
  const { context, nativeRoom, nativeId } = told
  const { atMs, payloadKey } = context
  const { room, events, claims } = await openRoom(context, nativeRoom)
  await leaveRoom(context.memory, room, atMs, 0)
  const member: Member = {
    participantSid: participantSid(room.roomSid, `${nativeId}@left@${payloadKey}`),
    ...{ roomSid: room.roomSid, nativeRoom, nativeId },
  }
  const why = stated ?? (await whyLeft(context, member))
  const leave: Event = { kind: 'participant.left', key: `${payloadKey}#0`, atMs, ...ofMember(member), ...why }
  return { events: [...events, leave], claims }
}

function participantFacts({ opaqueId }: JanusContext, data: Json, nativeId: string): ParticipantFacts {
  const displayName = textOf(data['display'])
  // The others leave the name out: from them it is not known that there is none.
  const lastResort = TELL_THE_NAME.includes(data['event']) ? nativeId : undefined
  return known({ identity: opaqueId ?? displayName ?? lastResort, displayName })
}

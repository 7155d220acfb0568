import { codecName, type Event, isOneOf, type ParticipantFacts, TRACK_KINDS } from '../../event.ts'
import { participantSid } from '../../sid.ts'
import type { Reduced } from '../feed.ts'
import { idOf, type Json, objectOf, omitUndefined, textOf } from '../json.ts'
import { roomSuperseded } from '../observation.ts'
import type { JanusContext } from './context.ts'
import type { Member, MemberId } from './entries.ts'
import { endMedia, lastMediaMs, noteMedia } from './media.ts'
import {
  closeMember,
  freeHandle,
  leaveEvent,
  memberFacts,
  openMember,
  seenEvent,
  showMember,
} from './members.ts'
import { namesOf } from './names.ts'
import { beginRoom, emptyEvent, findRoom, leaveRoom, roomFacts, untoldEmptiness } from './rooms.ts'
import { beginViewing, viewerJoins } from './viewers.ts'

const VIDEOROOM = 'janus.plugin.videoroom'
const NOTHING: Reduced = { events: [], reason: 'It tells of no participant' }

/** Type 64: events of plugins. Rollcall reads only the rooms of the videoroom plugin. */
export async function reduceVideoroom(event: Json, context: JanusContext): Promise<Reduced> {
  const data = objectOf(event['data']) ?? {}
  const { nativeRoom, nativeId } = idsOf(event)
  if (event['plugin'] !== VIDEOROOM || nativeRoom === undefined) return NOTHING
  switch (data['event']) {
    case 'created':
      return await created(context, nativeRoom)
    case 'destroyed':
      return await destroyed(context, nativeRoom)
  }
  if (data['event'] === 'subscribing') return await beginViewing(context, data, nativeRoom)
  if (nativeId === undefined) return NOTHING
  const id = { nativeRoom, nativeId }
  switch (data['event']) {
    case 'joined':
      return await joined(context, data, id)
    case 'configured':
    case 'published':
    case 'updated':
      return await published(context, data, id)
    case 'unpublished':
      return await unpublished(context, data, id)
    case 'leaving':
      return await left(context, data, id, undefined)
    case 'kicked':
      return await left(context, data, id, { endReason: 'disconnected_via_api' })
    default:
      return NOTHING
  }
}

/** The room and the participant that an event of a plugin names. */
export function idsOf(event: Json): Partial<MemberId> {
  const data = objectOf(event['data'])
  return omitUndefined({ nativeRoom: idOf(data?.['room']), nativeId: idOf(data?.['id']) })
}

/** Janus has one room of an id at a time: if one is still open, its destruction was lost. */
async function created(context: JanusContext, nativeRoom: string): Promise<Reduced> {
  const { memory, atMs, payloadKey } = context
  const before = await memory.get('room', nativeRoom)
  const { room, claims } = beginRoom(context, nativeRoom, true)
  const started = { key: `${payloadKey}#0`, atMs, roomSid: room.roomSid, room: roomFacts(nativeRoom) }
  const events: Event[] = [{ kind: 'room.started', ...started }]
  if (before === undefined) return { events, claims }
  await endMembers(context, before, { isSuperseded: true })
  if (before.emptySinceMs === undefined) events.push(roomSuperseded(before.roomSid, atMs))
  else events.push(...untoldEmptiness(before, atMs))
  return { events, claims }
}

/** Janus sends a hangup for each member of a destroyed room, and no leave. */
async function destroyed(context: JanusContext, nativeRoom: string): Promise<Reduced> {
  const { memory, atMs, payloadKey } = context
  const room = await memory.get('room', nativeRoom)
  if (room === undefined) return { events: [], reason: 'Nothing was heard of the room that is destroyed' }
  memory.delete('room', nativeRoom)
  await endMembers(context, room, { isOver: true })
  const ended = { atMs, roomSid: room.roomSid, room: roomFacts(nativeRoom), endReason: 'room_ended_via_api' }
  return { events: [{ kind: 'room.ended', key: `${payloadKey}#0`, ...ended }] }
}

async function endMembers(
  { memory }: JanusContext,
  { roomSid, nativeRoom }: Pick<Member, 'roomSid' | 'nativeRoom'>,
  end: Pick<Member, 'isOver' | 'isSuperseded'>,
): Promise<void> {
  for (const member of await memory.list('member', nativeRoom)) {
    if (member.roomSid === roomSid) memory.set('member', member, { ...member, ...end })
  }
}

async function joined(context: JanusContext, data: Json, id: MemberId): Promise<Reduced> {
  const { member, events, claims } = await beginStay(context, id)
  const facts = memberFacts(member, namesOf(context, data, id))
  const join = joinEvent(context, `${context.payloadKey}#0`, facts)
  return { events: [...events, join], claims }
}

async function beginStay(context: JanusContext, id: MemberId, more: Pick<Member, 'isRelayed'> = {}) {
  const freed = [...(await freeHandle(context, id)), ...(await viewerJoins(context, id))]
  const { room, events, claims } = await findRoom(context, id.nativeRoom)
  const member = await openMember(context, room, id.nativeId, more)
  return { member, events: [...freed, ...events], claims }
}

function joinEvent({ atMs }: JanusContext, key: string, facts: ReturnType<typeof memberFacts>): Event {
  const participant = { ...facts.participant, joinedAtMs: atMs }
  return { kind: 'participant.joined', key, atMs, ...facts, participant }
}

/**
 * A publication has session, handle and opaque id like a join. If the join was lost, it is the first sign of the stay.
 * The copy of a publisher at another Janus has none of these, and no join: its publication is when it comes.
 */
async function published(context: JanusContext, data: Json, id: MemberId): Promise<Reduced> {
  const { memory, atMs } = context
  const before = await memory.get('member', id)
  const isRelayed = isOfRelayed(context, data)
  const isNew = before === undefined || before.isOver === true || isOtherStay(before, isRelayed)
  if (!isNew && data['event'] === 'configured' && before.toldSilentMs === undefined) return NOTHING
  if (isNew) {
    const more = omitUndefined({ isRelayed: isRelayed || undefined })
    const { member, events, claims } = await beginStay(context, id, more)
    return { events: [...events, ...publicationOf(context, data, member)], claims }
  }
  if ((await lastMediaMs(memory, before)) !== undefined) await noteMedia(memory, before, atMs)
  await showMember(memory, before)
  return { events: publicationOf(context, data, before) }
}

/** The sign of the participant who publishes, which is the join of a copy, and the tracks. */
function publicationOf(context: JanusContext, data: Json, member: Member): Event[] {
  const { payloadKey, atMs } = context
  const facts = memberFacts(member, namesOf(context, data, member))
  const isJoin = member.isRelayed && data['event'] === 'published'
  const sign = isJoin ? joinEvent(context, `${payloadKey}#join`, facts) : seenEvent(context, facts)
  const tracks = tracksOf(data).map(
    ({ index, track }): Event => ({
      ...{ kind: 'track.published', key: `${payloadKey}#${index}`, atMs },
      ...facts,
      track,
    }),
  )
  return [sign, ...tracks]
}

/**
 * True for an event of a copy, which no session and no handle at this Janus has. A local participant always has both;
 * `configured` answers a request on a handle.
 */
function isOfRelayed({ sessionId, handleId }: JanusContext, data: Json): boolean {
  return sessionId === undefined && handleId === undefined && data['event'] !== 'configured'
}

/** True where a copy and a local participant have the same id, one after the other: the leave between them was lost. */
function isOtherStay({ isRelayed = false, sessionId, handleId }: Member, isOfCopy: boolean): boolean {
  return isOfCopy ? sessionId !== undefined || handleId !== undefined : isRelayed
}

/** `unpublished` may come three times, also if nothing was published. It ends no stay: the participant may listen. */
async function unpublished(context: JanusContext, data: Json, id: MemberId): Promise<Reduced> {
  const { memory, atMs } = context
  const member = await memory.get('member', id)
  if (member === undefined || member.isOver) return NOTHING
  await endMedia(memory, member, atMs)
  await showMember(memory, member)
  memory.set('member', id, { ...member, toldSilentMs: undefined, mediaEndedMs: atMs })
  return { events: [seenEvent(context, memberFacts(member, namesOf(context, data, id)))] }
}

/** A leave has the room and the id, and the display name since Janus 1.3. The other facts of the stay are in memory. */
async function left(
  context: JanusContext,
  data: Json,
  id: MemberId,
  stated: { endReason: string } | undefined,
): Promise<Reduced> {
  const { memory, atMs } = context
  const member = await memory.get('member', id)
  const names = namesOf(context, data, id)
  if (member === undefined) return await leftUnheard(context, id, names, stated)
  const { sessionId, handleId, roomSid } = member
  await memory.load([
    ...(sessionId === undefined ? [] : [['session', sessionId] as const]),
    ...(handleId === undefined ? [] : [['handle', handleId] as const]),
  ])
  const leave = await leaveEvent(context, member, names, stated)
  await closeMember(context, id)
  const isOfOpenRoom = member.isOver || (await memory.get('room', id.nativeRoom))?.roomSid === roomSid
  // If the instance of this stay was taken for empty too early, it is empty from this leave on.
  return { events: isOfOpenRoom ? [leave] : [leave, emptyEvent(member, atMs, atMs)] }
}

/** The leave of a participant of whom no other event came. The join is unknown, and before Janus 1.3 the identity. */
async function leftUnheard(
  context: JanusContext,
  id: MemberId,
  names: ParticipantFacts,
  stated: { endReason: string } | undefined,
): Promise<Reduced> {
  const { memory, atMs, payloadKey } = context
  const { room, events, claims } = await findRoom(context, id.nativeRoom)
  await leaveRoom(memory, room, atMs, 0)
  const sid = participantSid(room.roomSid, `${id.nativeId}@left@${payloadKey}`)
  const member: Member = { participantSid: sid, roomSid: room.roomSid, ...id }
  return { events: [...events, await leaveEvent(context, member, names, stated)], claims }
}

function tracksOf(data: Json) {
  const streams = Array.isArray(data['streams']) ? data['streams'].map(objectOf) : []
  return streams.flatMap((stream, index) => {
    const kind = stream?.['type']
    if (!isOneOf(TRACK_KINDS, kind)) return []
    const codec = textOf(stream?.['codec'])
    const key = idOf(stream?.['mid']) ?? String(index)
    return [{ index, track: omitUndefined({ key, kind, codec: codec && codecName(codec) }) }]
  })
}

import type { Event } from '../../event.ts'
import { participantSid } from '../../sid.ts'
import type { Move, Reduced, Source } from '../feed.ts'
import type { Memory } from '../memory.ts'
import { roomSuperseded } from '../observation.ts'
import type { Payload } from '../payload.ts'
import { type JitsiRoom, type Occupant, readBody } from './body.ts'
import { addStay } from './breakouts.ts'
import {
  type Creation,
  LOOK_BACK_MS,
  listStays,
  type OccupantStay,
  occupantKey,
  type RoomEntry,
  roomEntryKey,
  setEntry,
  stayKey,
} from './entries.ts'
import { type InstanceEnd, RoomInstances } from './instances.ts'

/**
 * The events of one request of event_sync. Reads the entries that it names at once. Only a creation or a destruction
 * that is new lists the stays of its room, and only a move reads the entry of another room.
 */
export async function reduceJitsi(payload: Payload, memory: Memory, source: Source): Promise<Reduced> {
  const told = readBody(payload.value)
  if ('reason' in told) return { events: [], reason: told.reason }
  const { room, atMs, creation, occupants } = told
  // The stays in a room that was destroyed are settled, and need no entry.
  const stayKeys = creation === undefined ? occupants.map(one => stayKeyOf(source, room, one)) : []
  const occupantKeys = occupants.map(({ jid }) => occupantKey(room.mainJid, jid))
  await memory.load([roomEntryKey(room.key), ...occupantKeys, ...stayKeys])
  const instances = await instancesOf(room.key, { memory, source, atMs })
  const context: Context = { payloadKey: payload.key, memory, source, room, atMs, instances }
  const events: Event[] = []
  let moves: readonly Move[] = []
  if (creation !== undefined) {
    const learned = await reduceRoom(context, creation)
    events.push(...learned.events)
    moves = learned.moves
  }
  for (const occupant of occupants) events.push(...(await reduceOccupant(context, occupant)))
  await setEntry(memory, roomEntryKey(room.key), instances.entry())
  return { events, moves, claims: instances.claims }
}

interface Context {
  readonly payloadKey: string
  readonly memory: Memory
  readonly source: Source
  readonly room: JitsiRoom
  readonly atMs: number
  readonly instances: RoomInstances
}

async function instancesOf(
  roomKey: string,
  { memory, source, atMs }: Pick<Context, 'memory' | 'source' | 'atMs'>,
): Promise<RoomInstances> {
  const entry = await memory.get<RoomEntry>(roomEntryKey(roomKey))
  return new RoomInstances(source, roomKey, entry, atMs)
}

async function reduceRoom({ payloadKey, memory, room, atMs, instances }: Context, creation: Creation) {
  const { createdAtMs, destroyedAtMs } = creation
  const stays = instances.isKnown(creation) ? [] : await listStays(memory, room.key, atMs - LOOK_BACK_MS)
  const learned = instances.learn(creation, stays)
  for (const { isSettled, ...stay } of learned.stays) {
    const key = stayKey(room.key, stay.joinedAtMs, stay.participantSid)
    if (isSettled) memory.delete(key)
    else await setEntry(memory, key, stay)
  }
  const common = { roomSid: learned.roomSid, room: { ...room.facts, startedAtMs: createdAtMs } }
  const events: Event[] = [
    { kind: 'room.started', key: `${payloadKey}#created`, atMs: createdAtMs, ...common },
  ]
  if (destroyedAtMs !== undefined) {
    events.push({ kind: 'room.ended', key: `${payloadKey}#destroyed`, atMs: destroyedAtMs, ...common })
  }
  events.push(...learned.ends.map(end => endOf(payloadKey, room, end)))
  events.push(...learned.superseded.map(sid => roomSuperseded(sid, learned.supersededAtMs)))
  return { events, moves: learned.moves }
}

async function reduceOccupant(context: Context, occupant: Occupant): Promise<Event[]> {
  const { payloadKey, memory, source, room, instances } = context
  const { index, jid, joinedAtMs, leftAtMs, facts } = occupant
  const sid = participantSidOf(source, room, occupant)
  const { stay, supersededAtMs, ends } = instances.place(joinedAtMs, sid)
  const { isSettled, ...entry } = stay
  if (!isSettled) await setEntry(memory, stayKey(room.key, joinedAtMs, sid), entry)
  const common = { roomSid: stay.roomSid, room: room.facts, participantSid: sid, participant: facts }
  const events: Event[] = [
    { kind: 'participant.joined', key: `${payloadKey}#${index}.joined`, atMs: joinedAtMs, ...common },
  ]
  if (leftAtMs !== undefined) {
    events.push({ kind: 'participant.left', key: `${payloadKey}#${index}.left`, atMs: leftAtMs, ...common })
  }
  if (supersededAtMs !== undefined) events.push(roomSuperseded(stay.roomSid, supersededAtMs))
  events.push(...ends.map(end => endOf(payloadKey, room, end)))
  const moved = await reduceMoves(context, jid, {
    roomKey: room.key,
    participantSid: sid,
    joinedAtMs,
    leftAtMs,
  })
  return [...events, ...moved]
}

function endOf(payloadKey: string, { facts: room }: JitsiRoom, { roomSid, atMs }: InstanceEnd): Event {
  return { kind: 'room.ended', key: `${payloadKey}#destroyed-again@${atMs}`, atMs, roomSid, room }
}

/** It is not derived from the room's SID, so that a stay keeps its SID when it turns out to be in another instance. */
function participantSidOf(
  { accountSid, feedId }: Source,
  room: JitsiRoom,
  { jid, joinedAtMs }: Occupant,
): string {
  return participantSid(`${accountSid}|${feedId}|${room.key}`, `${jid}@${joinedAtMs}`)
}

function stayKeyOf(source: Source, room: JitsiRoom, occupant: Occupant): string {
  return stayKey(room.key, occupant.joinedAtMs, participantSidOf(source, room, occupant))
}

/** The events that stays ended with a move to a breakout room or to the main room. */
async function reduceMoves(context: Context, jid: string, told: OccupantStay): Promise<Event[]> {
  const { memory, room, instances } = context
  const key = occupantKey(room.mainJid, jid)
  const { stays, moved } = addStay((await memory.get<OccupantStay[]>(key)) ?? [], told)
  await setEntry(memory, key, stays)
  const events = moved.map(
    async ({ roomKey, participantSid: sid, joinedAtMs, leftAtMs }): Promise<Event[]> => {
      const left = roomKey === room.key ? instances : await instancesOf(roomKey, context)
      const roomSid = left.roomSidAt(joinedAtMs)
      if (roomSid === undefined) return []
      const common = { key: `moved|${sid}`, atMs: leftAtMs ?? joinedAtMs, roomSid, room: {} }
      return [{ kind: 'observation.participant_moved', ...common, participantSid: sid, participant: {} }]
    },
  )
  return (await Promise.all(events)).flat()
}

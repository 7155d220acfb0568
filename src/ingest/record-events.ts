import type { Event, ParticipantEvent } from '../event.ts'
import { digestOf } from '../feeds/json.ts'
import { intervalOf, moveNumbers, NO_NUMBERS, peakOf, type RoomNumbers } from '../fold/numbers.ts'
import { foldParticipant, newParticipant } from '../fold/participant.ts'
import { participantRecord, type RecordSettings } from '../fold/participant-record.ts'
import { foldRoom, newRoom, type RoomState, roomEndOf, roomStartMs } from '../fold/room.ts'
import { roomRecord } from '../fold/room-record.ts'
import { type RoomEnd, stayOf } from '../fold/stay.ts'
import type { LoggedEvent, RoomKey, RoomWriter } from '../store/room-writer.ts'
import type { KeptPayload, Transaction } from '../store/store.ts'

/** Decoded events of one feed, with the payload they came from. */
export interface Heard {
  readonly accountSid: string
  readonly feedId: string
  readonly feedKind: string
  readonly receivedAtMs: number
  readonly events: readonly HeardEvent[]
}

export interface HeardEvent {
  readonly event: Event
  /** The payload as JSON, secrets stripped. */
  readonly native: string
}

/** Appends what is new, folds it, saves the rows it changes. Says how many events were new and how many known. */
export async function recordEvents(transaction: Transaction, heard: Heard, settings: RecordSettings) {
  let added = 0
  const byRoom = Map.groupBy(heard.events, ({ event }) => event.roomSid)
  // In one order for all, so that two processes never wait for each other's room.
  for (const roomSid of [...byRoom.keys()].sort()) {
    const key = { accountSid: heard.accountSid, roomSid }
    const writer = transaction.room(key)
    const before = (await writer.load()) ?? { state: newRoom(heard.feedKind), numbers: NO_NUMBERS }
    const fresh: Event[] = []
    for (const one of byRoom.get(roomSid) ?? []) {
      const appended = await writer.append(loggedEvent(heard, one))
      if (appended === 'added') fresh.push(ofFeed(one.event, heard.feedId))
      if (appended === 'other') await transaction.keepPayload(otherBody(heard, one))
    }
    if (fresh.length > 0) await foldIntoRows(writer, key, before, fresh, settings)
    added += fresh.length
  }
  return { added, duplicates: heard.events.length - added }
}

/** The event as the folds compare it: two feeds may use one key. */
export function ofFeed<E extends Event>(event: E, feedId: string): E {
  return { ...event, key: `${feedId}|${event.key}` }
}

/** Folds events into the rows of one room and saves those that change. */
export async function foldIntoRows(
  writer: RoomWriter,
  key: RoomKey,
  before: { state: RoomState; numbers: RoomNumbers },
  events: readonly Event[],
  settings: RecordSettings,
): Promise<void> {
  const state = events.reduce(foldRoom, before.state)
  const endBefore = roomEndOf(before.state)
  const end = roomEndOf(state)
  const byParticipant = Map.groupBy(events.filter(isOfParticipant), event => event.participantSid)
  const changed = new Set(byParticipant.keys())
  if (!isSameEnd(endBefore, end)) {
    for (const sid of await writer.participantsWithoutLeave()) changed.add(sid)
  }

  let numbers = before.numbers
  let recount = false
  for (const participantSid of [...changed].sort()) {
    const known = await writer.loadParticipant(participantSid)
    const folded = (byParticipant.get(participantSid) ?? []).reduce(
      foldParticipant,
      known ?? newParticipant(),
    )
    const stayBefore = known && stayOf(known, endBefore)
    const stay = stayOf(folded, end)
    const identities = await identityChange(
      writer,
      participantSid,
      known?.identity && stayBefore?.counted ? known.identity.value : undefined,
      stay.counted ? folded.identity?.value : undefined,
    )
    const moved = moveNumbers(numbers, stayBefore, stay, { identities, codecs: folded.codecs })
    numbers = moved.numbers
    recount ||= moved.recount
    const names = { ...key, participantSid, feedKind: state.feedKind, nativeRoomSid: state.nativeKey }
    await writer.saveParticipant({
      participantSid,
      state: folded,
      orderMs: stay.orderMs,
      identity: folded.identity?.value,
      counted: stay.counted,
      interval: intervalOf(stay),
      leaveStated: stay.leaveStated,
      record: JSON.stringify(participantRecord(names, folded, stay, settings)),
    })
  }
  if (recount) numbers = { ...numbers, peak: peakOf(await writer.intervals()) }
  await saveRoom(writer, key, state, numbers, settings)
}

function loggedEvent({ feedId, feedKind, receivedAtMs }: Heard, { event, native }: HeardEvent): LoggedEvent {
  return {
    feedId,
    feedKind,
    eventKey: event.key,
    participantSid: 'participantSid' in event ? event.participantSid : undefined,
    atMs: event.atMs,
    receivedAtMs,
    body: JSON.stringify(event),
    native,
  }
}

/** A second payload under the key of a first changes no record, and is evidence all the same. */
function otherBody({ accountSid, feedId, receivedAtMs }: Heard, { event, native }: HeardEvent): KeptPayload {
  const payloadKey = `${event.key}#${digestOf(native)}`
  const reason = `Another body under the known key ${event.key} of room ${event.roomSid}`
  return { accountSid, feedId, payloadKey, receivedAtMs, reason, native }
}

function saveRoom(
  writer: RoomWriter,
  key: RoomKey,
  state: RoomState,
  numbers: RoomNumbers,
  settings: RecordSettings,
): Promise<void> {
  const record = roomRecord(key, state, numbers, settings)
  return writer.save({
    state,
    numbers,
    name: state.name?.value,
    type: record.room_type ?? undefined,
    codecs: record.codecs,
    createdMs: roomStartMs(state),
    endedMs: state.endedAtMs,
    record: JSON.stringify(record),
  })
}

async function identityChange(
  writer: RoomWriter,
  participantSid: string,
  before: string | undefined,
  after: string | undefined,
): Promise<number> {
  if (before === after) return 0
  const isAlone = async (identity: string | undefined) =>
    identity !== undefined && !(await writer.hasOtherWithIdentity(identity, participantSid))
  return Number(await isAlone(after)) - Number(await isAlone(before))
}

function isOfParticipant(event: Event): event is ParticipantEvent {
  return 'participantSid' in event
}

function isSameEnd(a: RoomEnd | undefined, b: RoomEnd | undefined): boolean {
  return a?.atMs === b?.atMs && a?.viaApi === b?.viaApi
}

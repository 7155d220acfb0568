import { type Event, isObservation, type ParticipantEvent } from '../event.ts'
import {
  countPeak,
  intervalOf,
  type Moved,
  moveNumbers,
  NO_NUMBERS,
  type RoomNumbers,
  settledSec,
} from '../fold/numbers.ts'
import { foldParticipant, newParticipant, type ParticipantState } from '../fold/participant.ts'
import { participantRecord, type RecordSettings } from '../fold/participant-record.ts'
import { minOf } from '../fold/register.ts'
import { foldRoom, newRoom, type RoomState, roomEndOf, roomStartMs } from '../fold/room.ts'
import { roomRecord } from '../fold/room-record.ts'
import { resolveSeat, type Seated } from '../fold/seat.ts'
import { lastSignOf, type RoomEnd, type Stay, stayOf } from '../fold/stay.ts'
import type { RoomKey, RoomRow, RoomWriter, StoredEvent } from '../store/rooms/room-writer.ts'

/** A room and where to write it. */
export interface RoomInHand {
  readonly writer: RoomWriter
  readonly key: RoomKey
  readonly settings: RecordSettings
}

/** The event as the folds compare it: two feeds may use one key. */
export function ofFeed<E extends Event>(event: E, feedId: string): E {
  return { ...event, key: `${feedId}|${event.key}` }
}

/** Folds events into the rows of one room and saves those that change. */
export async function foldIntoRows(
  room: RoomInHand,
  before: RoomRow,
  events: readonly Event[],
): Promise<void> {
  const { writer } = room
  const state = events.reduce(foldRoom, before.state)
  const ends = { before: roomEndOf(before.state), after: roomEndOf(state) }
  const byParticipant = Map.groupBy(events.filter(isOfParticipant), event => event.participantSid)
  const changed = new Set(byParticipant.keys())
  if (!isSameEnd(ends.before, ends.after)) {
    for (const sid of await writer.participantsWithoutLeave()) changed.add(sid)
  }

  let moved: Moved = { numbers: before.numbers, recountSec: undefined }
  const done = new Set<string>()
  for (const participantSid of [...changed].sort()) {
    if (done.has(participantSid)) continue
    const seat = await loadSeat(writer, participantSid, byParticipant)
    for (const sid of seat.after.keys()) done.add(sid)
    moved = await saveSeat(room, state, ends, seat, moved)
  }
  const { numbers, recountSec } = moved
  const counted =
    recountSec === undefined
      ? numbers
      : countPeak(numbers, await writer.steps(settledSec(numbers)), recountSec)
  await saveRoom(room, before.feedId, state, counted)
}

/**
 * Folds all of a room's events anew, in place of its rows. What turned out to belong to another room is left out, and
 * its SIDs lead there. Of what was only noticed, and never stated, there is no room.
 */
export async function refoldRoom(room: RoomInHand): Promise<void> {
  const logged = await room.writer.events()
  const elsewhere = new Map(logged.flatMap(elsewhereOf))
  const own = logged.filter(({ participantSid }) => !elsewhere.has(participantSid ?? ''))
  const events = own.map(({ feedId, body }) => ofFeed(eventIn(body), feedId))
  const [first] = own
  await room.writer.clear()
  if (first !== undefined && !events.every(isObservation)) {
    const before = { feedId: first.feedId, state: newRoom(first.feedKind), numbers: NO_NUMBERS }
    await foldIntoRows(room, before, events)
  }
  for (const [participantSid, toRoomSid] of elsewhere) {
    await room.writer.saveAlias(participantSid, toRoomSid)
  }
}

/** The event as it was appended. */
export function eventIn(body: string): Event {
  return JSON.parse(body) as Event // nothing else is ever appended
}

function elsewhereOf({ body }: StoredEvent): (readonly [string, string])[] {
  const event = eventIn(body)
  return event.kind === 'observation.participant_elsewhere' ? [[event.participantSid, event.toRoomSid]] : []
}

interface Seat {
  readonly before: Map<string, ParticipantState>
  readonly after: Map<string, ParticipantState>
}

/** A participant with the others under its native key, as they were and with what is new folded in. */
async function loadSeat(
  writer: RoomWriter,
  participantSid: string,
  byParticipant: ReadonlyMap<string, readonly ParticipantEvent[]>,
): Promise<Seat> {
  const fold = (sid: string, known: ParticipantState | undefined) =>
    (byParticipant.get(sid) ?? []).reduce(foldParticipant, known ?? newParticipant())
  const known = await writer.loadParticipant(participantSid)
  const folded = fold(participantSid, known)
  const before = new Map(known === undefined ? [] : [[participantSid, known]])
  const after = new Map([[participantSid, folded]])
  if (folded.seatKey === undefined) return { before, after }
  for (const { participantSid: sid, state } of await writer.seat(folded.seatKey)) before.set(sid, state)
  for (const [sid, state] of before) after.set(sid, fold(sid, state))
  for (const [sid, events] of byParticipant) {
    if (!after.has(sid) && events.some(event => event.participant.seatKey === folded.seatKey)) {
      after.set(sid, fold(sid, undefined))
    }
  }
  return { before, after }
}

async function saveSeat(
  room: RoomInHand,
  roomState: RoomState,
  ends: { before: RoomEnd | undefined; after: RoomEnd | undefined },
  seat: Seat,
  soFar: Moved,
): Promise<Moved> {
  const { writer, key, settings } = room
  const seatedBefore = resolveSeat(seat.before)
  let { numbers, recountSec } = soFar
  for (const [participantSid, seated] of resolveSeat(seat.after)) {
    const { state, aliasOf } = seated
    const known = seatedBefore.get(participantSid)
    const stayBefore = known && seatedStay(known, ends.before)
    const stay = seatedStay(seated, ends.after)
    const identities = await identityChange(
      writer,
      participantSid,
      stayBefore?.counted ? known?.state.identity?.value : undefined,
      stay.counted ? state.identity?.value : undefined,
    )
    const moved = moveNumbers(numbers, stayBefore, stay, { identities, codecs: state.codecs })
    numbers = moved.numbers
    recountSec = minOf(recountSec, moved.recountSec)
    const { feedKind, nativeKey: nativeRoomSid } = roomState
    const names = { ...key, participantSid, feedKind, nativeRoomSid }
    await writer.saveParticipant({
      participantSid,
      aliasOf,
      state: seat.after.get(participantSid) ?? state,
      orderMs: stay.orderMs,
      identity: state.identity?.value,
      counted: stay.counted,
      interval: intervalOf(stay),
      leaveStated: stay.leaveStated || aliasOf !== undefined,
      isOpen: stay.leaveMs === undefined && aliasOf === undefined,
      seenMs: lastSignOf(state) ?? stay.orderMs,
      record: JSON.stringify(participantRecord(names, state, stay, settings)),
    })
  }
  return { numbers, recountSec }
}

/** What is told as part of another stay counts there. */
function seatedStay({ state, nextJoinMs, aliasOf }: Seated, roomEnd: RoomEnd | undefined): Stay {
  const stay = stayOf(state, { roomEnd, nextJoinMs })
  return aliasOf === undefined ? stay : { ...stay, counted: false }
}

function saveRoom(
  { writer, key, settings }: RoomInHand,
  feedId: string,
  state: RoomState,
  numbers: RoomNumbers,
): Promise<void> {
  const record = roomRecord(key, state, numbers, settings)
  return writer.save({
    feedId,
    state,
    numbers,
    name: state.name?.value,
    type: record.room_type ?? undefined,
    codecs: record.codecs,
    createdMs: roomStartMs(state),
    endedMs: roomEndOf(state)?.atMs,
    seenMs: state.lastSeenMs ?? state.seenAtMs,
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
  return 'participantSid' in event && event.kind !== 'observation.participant_elsewhere'
}

function isSameEnd(a: RoomEnd | undefined, b: RoomEnd | undefined): boolean {
  return a?.atMs === b?.atMs && a?.reason === b?.reason && a?.isEmptiness === b?.isEmptiness
}

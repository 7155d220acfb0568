import type { Event } from '../event.ts'
import { digestOf } from '../feeds/json.ts'
import type { RecordSettings } from '../fold/participant-record.ts'
import { indexable } from '../store/indexable.ts'
import type { LoggedEvent, RoomWriter } from '../store/rooms/room-writer.ts'
import type { KeptPayload, Transaction } from '../store/store.ts'
import { foldIntoRows, ofFeed, refoldRoom } from './fold-into-rows.ts'

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
    const known = await writer.lock()
    const fresh: Event[] = []
    for (const one of byRoom.get(roomSid) ?? []) {
      const appended = await writer.append(loggedEvent(heard, one))
      if (appended === 'added') fresh.push(ofFeed(one.event, heard.feedId))
      if (appended === 'other') await transaction.keepPayload(otherBody(heard, one))
    }
    if (fresh.length === 0) continue
    added += fresh.length
    const room = { writer, key, settings }
    // A room without rows may have events: what was noticed of it, and stays that are told in another room.
    if (known === undefined || (await tellsOfElsewhere(writer, fresh))) await refoldRoom(room)
    else await foldIntoRows(room, known, fresh)
  }
  return { added, duplicates: heard.events.length - added }
}

/** True for events of stays that turned out, now or before, to belong to another room. */
async function tellsOfElsewhere(writer: RoomWriter, events: readonly Event[]): Promise<boolean> {
  if (events.some(event => event.kind === 'observation.participant_elsewhere')) return true
  const sids = new Set(events.flatMap(event => ('participantSid' in event ? event.participantSid : [])))
  for (const sid of sids) if (await writer.isElsewhere(sid)) return true
  return false
}

function loggedEvent({ feedId, feedKind, receivedAtMs }: Heard, { event, native }: HeardEvent): LoggedEvent {
  return {
    feedId,
    feedKind,
    eventKey: indexable(event.key),
    participantSid: 'participantSid' in event ? event.participantSid : undefined,
    atMs: event.atMs,
    receivedAtMs,
    body: JSON.stringify(event),
    native,
  }
}

/** A second payload under the key of a first changes no record, and is evidence all the same. */
function otherBody({ accountSid, feedId, receivedAtMs }: Heard, { event, native }: HeardEvent): KeptPayload {
  const payloadKey = `${indexable(event.key)}#${digestOf(native)}`
  const reason = `Another body under the known key ${event.key} of room ${event.roomSid}`
  return { accountSid, feedId, payloadKey, receivedAtMs, reason, native }
}

import { digestOf } from '../feeds/json.ts'
import { indexable } from '../store/indexable.ts'
import type { LoggedEvent } from '../store/rooms/event-log.ts'
import type { LockedRoom } from '../store/rooms/locked-room.ts'
import type { Transaction } from '../store/store.ts'
import type { Pending } from './incoming.ts'
import { type PendingEvent, pendingEvents } from './pending-events.ts'
import { noteReduced, reduceInOrder } from './reduce-payloads.ts'
import { relocate } from './relocate.ts'

/** Folds events that are new in the log of a locked room into the rows of the room. */
export type FoldEvents = (room: LockedRoom, events: readonly LoggedEvent[]) => Promise<void>

/**
 * Applies deliveries in one transaction: keeps each payload once, reduces it, appends its events to the logs of their
 * rooms, and calls `fold` with the events that are new. Each feed is locked once, and each room is locked, folded and
 * saved once, however many of the deliveries have events of it. Sets the counts in `applied` of each delivery.
 */
export async function applyTogether(
  transaction: Transaction,
  deliveries: readonly Pending[],
  fold: FoldEvents,
): Promise<void> {
  const events = pendingEvents()
  // The engine may run this again after it undid it: the counts begin at 0 each time.
  for (const { applied } of deliveries) Object.assign(applied, { added: 0, duplicates: 0 })
  for (const one of deliveries) if (one.reduced !== undefined) await noteReduced(transaction, one, events)
  const inOrder = deliveries.filter(({ reduced }) => reduced === undefined)
  const byFeed = Map.groupBy(inOrder, ({ incoming }) => `${incoming.accountSid} ${incoming.feedId}`)
  // All processes lock feeds in the order of their ids, which avoids deadlocks.
  const feeds = [...byFeed].sort(([a], [b]) => (a < b ? -1 : 1))
  const moves = []
  for (const [, group] of feeds) moves.push(...(await reduceInOrder(transaction, group, events)))
  for (const { incoming, fromRoomSid, toRoomSid } of moves) {
    for (const roomSid of [fromRoomSid, toRoomSid]) events.of({ ...incoming, roomSid })
  }
  for (const { key } of events.rooms()) await transaction.lockRoom(key)
  await relocate(moves, events, transaction.lockRoom)
  for (const room of events.rooms()) {
    await appendAndFold(transaction, await transaction.lockRoom(room.key), room.events, fold)
  }
}

/** Appends events to the log of a room, and folds those that are new. */
async function appendAndFold(
  transaction: Transaction,
  room: LockedRoom,
  events: readonly PendingEvent[],
  fold: FoldEvents,
): Promise<void> {
  const outcomes = await room.append(events.map(({ logged }) => logged))
  const fresh = events.filter((_, index) => outcomes[index] === 'added')
  for (const [index, { logged, counts }] of events.entries()) {
    if (counts !== undefined) counts[outcomes[index] === 'added' ? 'added' : 'duplicates']++
    // Another payload under the key of a known event changes no record, but it is evidence.
    if (outcomes[index] === 'other') await keepOther(transaction, room, logged)
  }
  if (fresh.length > 0) {
    await fold(
      room,
      fresh.map(({ logged }) => logged),
    )
  }
}

async function keepOther(
  transaction: Transaction,
  { key: { accountSid, roomSid } }: LockedRoom,
  { feedId, feedKind, receivedAtMs, event, payload }: LoggedEvent,
): Promise<void> {
  // Only a payload that is stored beside its event is compared with the known one.
  if (payload.at !== 'event') return
  const { native } = payload
  const log = transaction.feedLog({ accountSid, feedId })
  const reason = `Another body under the known key ${event.key} of room ${roomSid}`
  const key = `${indexable(event.key)}#${digestOf(native)}`
  const otherOf = { roomSid, eventKey: event.key }
  await log.keep({ key, seq: await log.nextSeq(), feedKind, receivedAtMs, reason, native, otherOf })
}

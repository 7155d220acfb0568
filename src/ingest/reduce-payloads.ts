import type { Claim, Move, Reduced, Source } from '../feeds/feed.ts'
import type { Memory } from '../feeds/memory.ts'
import type { Payload } from '../feeds/payload.ts'
import { roomSid } from '../sid.ts'
import { CLAIM, type FeedKey, type FeedLog, type KeptPayload } from '../store/feeds/feed-log.ts'
import type { PayloadPlace } from '../store/rooms/event-log.ts'
import type { Transaction } from '../store/store.ts'
import { DUE_AT_ONCE, feedMemory } from './feed-memory.ts'
import { isOfFuture } from './future.ts'
import type { Incoming, Pending } from './incoming.ts'
import type { PendingEvents } from './pending-events.ts'

/** A move that a payload of a feed leads to. */
export interface FeedMove extends Move {
  readonly incoming: Incoming
  /** The payload's place in the log of its feed. */
  readonly seq: number
}

const OF_THE_FUTURE = {
  events: [],
  reason: 'It is of the future: compare the clocks of both machines',
} satisfies Reduced

/** The source of a feed's payloads. It derives the SID of an instance from the account, the feed and the instance. */
export function sourceOf({ accountSid, feedId }: FeedKey): Source {
  return { accountSid, feedId, sidOf: instance => roomSid(accountSid, feedId, instance) }
}

/** True for a payload in the log that was of the future when it came. It is never reduced. */
export function wasOfFuture({ reason }: { readonly reason: string }): boolean {
  return reason === OF_THE_FUTURE.reason
}

/**
 * Adds the events of a delivery of a feed without memory to `events`. Keeps in the feed's log each payload that is not
 * stored beside an event: one without events, or with events of several rooms.
 */
export async function noteReduced(
  transaction: Transaction,
  pending: Pending,
  events: PendingEvents,
): Promise<void> {
  const { incoming, applied, reduced = [] } = pending
  const log = transaction.feedLog(incoming)
  const numbered = incoming.payloads.map((payload, index) => ({
    payload,
    reduced: reduced[index] ?? NOTHING,
  }))
  // All processes store payloads in the order of their keys, which avoids deadlocks.
  for (const one of numbered.toSorted((a, b) => (a.payload.key < b.payload.key ? -1 : 1))) {
    const place = await placeOf(log, incoming, one.payload, one.reduced)
    if (place === undefined) applied.duplicates++
    else for (const event of one.reduced.events) events.add(incoming, event, place(event.key), applied)
  }
  noteObservations(pending, events)
}

/**
 * Locks a feed with memory and reduces the payloads of its deliveries in the order in which they came. A look gives
 * payloads of its own, made by `expire`. Keeps each payload in the log, adds its events to `events`, and writes the
 * memory at the end.
 */
export async function reduceInOrder(
  transaction: Transaction,
  deliveries: readonly Pending[],
  events: PendingEvents,
): Promise<FeedMove[]> {
  const [first] = deliveries
  if (first === undefined) return []
  const places = deliveries.map(
    ({ incoming }) => incoming.payloads.length + (incoming.look ? DUE_AT_ONCE : 0),
  )
  const feed = await transaction.lockFeed(
    first.incoming,
    places.reduce((a, b) => a + b),
  )
  const memory = feedMemory(feed.memory)
  const moves: FeedMove[] = []
  let nextSeq = feed.firstSeq
  for (const pending of deliveries) {
    const { incoming, feed: kind } = pending
    const expired = incoming.look === undefined ? [] : ((await kind.expire?.(memory, incoming.look)) ?? [])
    for (const payload of [...incoming.payloads, ...expired]) {
      const seq = pending.replayed?.seq ?? nextSeq++
      const reduced =
        pending.replayed === undefined
          ? await reduceOne({ log: feed.log, memory, seq }, pending, payload)
          : await kind.reduce(payload, memory, pending.replayed.source)
      for (const event of reduced.events) events.add(incoming, event, { at: 'log', seq }, pending.applied)
      moves.push(...(reduced.moves ?? []).map(move => ({ ...move, incoming, seq })))
    }
    noteObservations(pending, events)
  }
  await memory.flush()
  return moves
}

/** Keeps a payload and reduces it, unless it is a duplicate. Keeps the claims of the SIDs that it gives out. */
async function reduceOne(
  { log, memory, seq }: { log: FeedLog; memory: Memory; seq: number },
  { feed, incoming, applied }: Pending,
  payload: Payload,
): Promise<Reduced> {
  const kept = keptPayload(incoming, payload, seq)
  const isTransient = payload.isTransient === true
  if (!isTransient && !(await log.keep(kept))) {
    applied.duplicates++
    return NOTHING
  }
  const isEarly = isOfFuture(payload.latestMs ?? 0, incoming.receivedAtMs)
  const reduced: Reduced = isEarly ? OF_THE_FUTURE : await feed.reduce(payload, memory, sourceOf(incoming))
  const hasEvents = reduced.events.length > 0
  if (isTransient && hasEvents) await log.keep(kept)
  if (!isTransient && !hasEvents) await log.setReason(payload.key, reasonOf(reduced))
  for (const claim of reduced.claims ?? []) await log.keep(keptClaim(claim, kept))
  return reduced
}

/** A claim as the log of its feed has it: at the place of the payload that made it. */
export function keptClaim({ roomSid: sid, instance }: Claim, payload: Omit<KeptPayload, 'key'>): KeptPayload {
  const native = JSON.stringify({ claim: instance, roomSid: sid })
  return { ...payload, key: `${CLAIM}${sid}`, reason: 'A SID is given', native }
}

/** Keeps a payload in the log of its feed without reducing it. */
export async function keepUnreduced(
  transaction: Transaction,
  incoming: Incoming,
  payload: Payload,
  reason: string,
): Promise<void> {
  const { log, firstSeq } = await transaction.lockFeed(incoming, 1)
  await log.keep({ ...keptPayload(incoming, payload, firstSeq), reason })
}

const NOTHING: Reduced = { events: [] }

/**
 * Gives the place of the payload for each of its events: beside the first of them, or in the log of the feed, where
 * this keeps it. Undefined if the log has the payload already.
 */
async function placeOf(
  log: FeedLog,
  incoming: Incoming,
  payload: Payload,
  reduced: Reduced,
): Promise<((eventKey: string) => PayloadPlace) | undefined> {
  const [first] = reduced.events
  if (first !== undefined && reduced.events.every(({ roomSid: sid }) => sid === first.roomSid)) {
    const native = JSON.stringify(payload.value)
    return eventKey =>
      eventKey === first.key
        ? { at: 'event', native, isReducible: true }
        : { at: 'sibling', eventKey: first.key }
  }
  const seq = await log.nextSeq()
  const kept = keptPayload(incoming, payload, seq)
  const isNew = await log.keep(first === undefined ? { ...kept, reason: reasonOf(reduced) } : kept)
  return isNew ? () => ({ at: 'log', seq }) : undefined
}

function keptPayload({ feedKind, receivedAtMs }: Incoming, payload: Payload, seq: number): KeptPayload {
  const native = JSON.stringify(payload.value)
  return { key: payload.key, seq, feedKind, receivedAtMs, reason: '', native }
}

function noteObservations({ incoming, applied }: Pending, events: PendingEvents): void {
  for (const { event, native } of incoming.observations ?? []) {
    events.add(incoming, event, { at: 'event', native, isReducible: false }, applied)
  }
}

function reasonOf({ reason = 'Nothing follows from it' }: Reduced): string {
  return reason
}

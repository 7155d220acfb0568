import type { Feed, Reduced } from '../feeds/feed.ts'
import { JunkError } from '../feeds/feed-errors.ts'
import { NO_MEMORY } from '../feeds/memory.ts'
import type { RecordSettings } from '../fold/participant-record.ts'
import { StoreUnavailableError } from '../store/engine/database.ts'
import type { Store } from '../store/store.ts'
import { applyTogether } from './apply.ts'
import { foldIntoRoom } from './fold-into-room.ts'
import { isOfFuture, latestMomentOf } from './future.ts'
import type { Applied, Incoming, Pending } from './incoming.ts'
import { recordSettings } from './record-settings.ts'
import { keepUnreduced, sourceOf } from './reduce-payloads.ts'

/** A delivery that would wait behind this many is refused, so that the queue does not grow with repeated deliveries. */
const WAITING_IN_A_LANE = 2_000
/** The last moment that a Date can hold (ECMAScript, time values). */
const LAST_DATE_MS = 8.64e15
/** The detail of a delivery, or the reason of a payload, that could not be reduced because of a fault of Rollcall. */
export const FAULT = 'A fault of Rollcall: the log of the server has the details.'

/** What became of a delivery: how many events were new or known, and a summary of its content for people. */
export interface Stored extends Readonly<Applied> {
  readonly detail: string
}

/** The only way into the store: webhooks, WebSockets, sweeps and comparisons with servers' lists all use it. */
export interface ApplyQueue {
  /**
   * Resolves once everything is durable. Rejects with JunkError if the delivery must be refused, with
   * StoreUnavailableError if nothing can be stored now, and with any other error for a fault of Rollcall.
   */
  apply(incoming: Incoming): Promise<Stored>
}

/**
 * Makes the queue. Deliveries of one lane that wait together share a commit. There is one lane for everything if the
 * engine has one writer, else one for each room or feed. At most WAITING_IN_A_LANE deliveries wait in a lane.
 */
export function applyQueue(options: {
  store: Store
  feeds: readonly Feed[]
  settings: RecordSettings
  /** Called for a fault of Rollcall for which the sender is not refused. */
  onFault: (error: unknown) => void
}): ApplyQueue {
  const { store, onFault } = options
  const settings = recordSettings(options.settings, options.feeds)
  const feeds = new Map(options.feeds.map(feed => [feed.kind, feed]))
  /** For each lane, the deliveries of its next commit; removed when that commit begins or is refused. */
  const forming = new Map<string | undefined, Batch>()
  /** How many deliveries wait in each lane; removed when none does. */
  const waiting = new Map<string | undefined, number>()

  /** Applies deliveries in one commit. More may be added to them until it begins; then this calls `onBegin`. */
  const commit = (lane: string | undefined, deliveries: readonly Pending[], onBegin = () => {}) =>
    store.transact(transaction => {
      onBegin()
      return applyTogether(transaction, deliveries, (room, events) => foldIntoRoom(room, settings, events))
    }, lane)

  function joinBatch(lane: string | undefined, pending: Pending): Batch {
    const known = lane === undefined ? undefined : forming.get(lane)
    if (known !== undefined && known.deliveries.length < store.deliveriesACommit) {
      known.deliveries.push(pending)
      return known
    }
    const deliveries = [pending]
    const close = () => {
      if (forming.get(lane)?.deliveries === deliveries) forming.delete(lane)
    }
    // The transaction may be refused before it begins.
    const batch = { deliveries, stored: commit(lane, deliveries, close).finally(close) }
    forming.set(lane, batch)
    return batch
  }

  async function storeInBatch(pending: Pending, lane: string | undefined): Promise<void> {
    const batch = joinBatch(lane, pending)
    try {
      await batch.stored
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error
      if (batch.deliveries.length > 1) await storeAlone(pending, lane)
      else await storeApart(pending, lane, error)
    }
  }

  /** Stores a delivery in a commit of its own, because the fault may be that of another delivery of its commit. */
  async function storeAlone(pending: Pending, lane: string | undefined): Promise<void> {
    try {
      await commit(lane, [pending])
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error
      await storeApart(pending, lane, error)
    }
  }

  /**
   * Stores the payloads of a delivery one by one. A payload that cannot be reduced because of a fault of Rollcall is
   * kept without events, because its sender may not send it again.
   */
  async function storeApart(pending: Pending, lane: string | undefined, fault: unknown): Promise<void> {
    const { incoming, feed } = pending
    if (feed.hasMemory !== true) throw fault
    onFault(fault)
    const counts = { added: 0, duplicates: 0 }
    for (const payload of incoming.payloads) {
      const one = {
        ...pending,
        incoming: { ...incoming, payloads: [payload] },
        applied: { added: 0, duplicates: 0 },
      }
      try {
        await commit(lane, [one])
      } catch (error) {
        if (error instanceof StoreUnavailableError) throw error
        if (payload.isTransient !== true) {
          await store.transact(transaction => keepUnreduced(transaction, incoming, payload, FAULT), lane)
        }
      }
      counts.added += one.applied.added
      counts.duplicates += one.applied.duplicates
    }
    Object.assign(pending.applied, counts)
  }

  return {
    async apply(incoming) {
      const feed = feeds.get(incoming.feedKind)
      if (feed === undefined) throw new Error(`There is no feed of kind ${incoming.feedKind}.`)
      const reduced = feed.hasMemory === true ? undefined : await reduceAlone(feed, incoming)
      const pending = { incoming, feed, reduced, applied: { added: 0, duplicates: 0 } }
      const lane = store.hasOneWriter ? 'all' : laneOf(pending)
      const before = waiting.get(lane) ?? 0
      if (before >= WAITING_IN_A_LANE) throw new StoreUnavailableError('Too many deliveries wait')
      waiting.set(lane, before + 1)
      try {
        await storeInBatch(pending, lane)
      } finally {
        const left = (waiting.get(lane) ?? 1) - 1
        if (left > 0) waiting.set(lane, left)
        else waiting.delete(lane)
      }
      return { ...pending.applied, detail: detailOf(pending) }
    },
  }
}

/** The deliveries of one commit. More are added until the commit begins. */
interface Batch {
  readonly deliveries: Pending[]
  readonly stored: Promise<void>
}

/** Reduces the payloads of a feed without memory. Throws JunkError if an event is of the future. */
async function reduceAlone(feed: Feed, incoming: Incoming): Promise<Reduced[]> {
  const source = sourceOf(incoming)
  const reduced: Reduced[] = []
  for (const payload of incoming.payloads) reduced.push(await feed.reduce(payload, NO_MEMORY, source))
  for (const event of reduced.flatMap(({ events }) => events)) {
    const latestMs = latestMomentOf(event)
    if (!isOfFuture(latestMs, incoming.receivedAtMs)) continue
    const at = latestMs > LAST_DATE_MS ? `${latestMs} ms` : new Date(latestMs).toISOString()
    throw new JunkError(`Event ${event.key} is of the future (${at}): compare the clocks of both machines.`)
  }
  return reduced
}

/**
 * The lane of a delivery: its feed if the feed has memory, else its room; undefined if it has events of several rooms.
 */
function laneOf({ incoming, reduced }: Pending): string | undefined {
  if (reduced === undefined) return incoming.feedId
  const observed = (incoming.observations ?? []).map(({ event }) => event)
  const events = [...reduced.flatMap(one => one.events), ...observed]
  const [roomSid, ...others] = new Set(events.map(event => event.roomSid))
  return others.length === 0 ? roomSid : undefined
}

/** The kinds of the events, and the reasons of payloads without events. For a feed with memory: how many payloads. */
function detailOf({ incoming: { payloads, observations = [] }, reduced }: Pending): string {
  if (reduced === undefined) return `${payloads.length} ${payloads.length === 1 ? 'payload' : 'payloads'}`
  const kinds = [...reduced.flatMap(({ events }) => events), ...observations.map(({ event }) => event)].map(
    event => event.kind,
  )
  const reasons = reduced.flatMap(({ events, reason }) => (events.length === 0 ? (reason ?? []) : []))
  return [...new Set([...kinds, ...reasons])].join(', ') || 'nothing'
}

import type { Feed, Reduced } from '../feeds/feed.ts'
import { JunkError } from '../feeds/feed-errors.ts'
import { NO_MEMORY } from '../feeds/memory.ts'
import type { RecordSettings } from '../fold/participant-record.ts'
import { StoreUnavailableError } from '../store/engine/database.ts'
import type { Store } from '../store/store.ts'
import { applyTogether, type FoldEvents } from './apply.ts'
import { foldIntoRoom } from './fold-into-room.ts'
import { isOfFuture, latestMomentOf } from './future.ts'
import type { Applied, Incoming, Pending } from './incoming.ts'
import { recordSettings } from './record-settings.ts'
import { keepUnreduced, sourceOf } from './reduce-payloads.ts'

/** Whoever would wait behind so many is refused: what its sender repeats meanwhile would wait too. */
const WAITING_IN_A_LANE = 2_000
/** The last moment that a Date can hold (ECMAScript, time values). */
const LAST_DATE_MS = 8.64e15
/** What is said of a delivery or a payload that a fault of ours kept from being understood. */
export const FAULT = 'A fault of Rollcall: its log tells more.'

/** What became of a delivery: how many events were new and known, and what it told, as a text for people. */
export interface Stored extends Readonly<Applied> {
  readonly detail: string
}

/** The one way into the store: webhooks, WebSockets, sweeps and comparisons with servers' lists all take it. */
export interface ApplyQueue {
  /**
   * Resolves once everything is durable. Rejects with JunkError for what the sender is to be refused with, with
   * StoreUnavailableError when nothing can be stored now, and with any other error for a fault of ours.
   */
  apply(incoming: Incoming): Promise<Stored>
}

/**
 * Deliveries that wait together share a commit: all of them where the engine has one writer, else those of one room or
 * feed. No more than WAITING_IN_A_LANE wait there.
 */
export function applyQueue(options: {
  store: Store
  feeds: readonly Feed[]
  settings: RecordSettings
  /** Told of faults of ours that the sender is not refused for. */
  onFault: (error: unknown) => void
}): ApplyQueue {
  const { store, onFault } = options
  const settings = recordSettings(options.settings, options.feeds)
  const fold: FoldEvents = (room, events) => foldIntoRoom(room, settings, events)
  const feeds = new Map(options.feeds.map(feed => [feed.kind, feed]))
  /** The deliveries that the next commit of each lane takes. */
  const forming = new Map<string | undefined, Batch>()
  const waiting = new Map<string | undefined, number>()

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
    const stored = store.transact(transaction => {
      close()
      return applyTogether(transaction, deliveries, fold)
    }, lane)
    // It may be refused before it begins.
    const batch = { deliveries, stored: stored.finally(close) }
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

  /** The fault may be that of another delivery of the commit. */
  async function storeAlone(pending: Pending, lane: string | undefined): Promise<void> {
    try {
      await store.transact(transaction => applyTogether(transaction, [pending], fold), lane)
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error
      await storeApart(pending, lane, error)
    }
  }

  /**
   * Stores the payloads of a delivery one by one. A payload that a fault of ours keeps from being reduced is kept without
   * events: its sender would hardly send it again.
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
        await store.transact(transaction => applyTogether(transaction, [one], fold), lane)
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

/** Deliveries of one commit. It takes more until it begins. */
interface Batch {
  readonly deliveries: Pending[]
  readonly stored: Promise<void>
}

/** Reduces the payloads of a feed without memory. Throws JunkError where an event is of the future. */
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

/** What the delivery has to wait for: its feed where what came before counts, else its room if it is one. */
function laneOf({ incoming, reduced }: Pending): string | undefined {
  if (reduced === undefined) return incoming.feedId
  const observed = (incoming.observations ?? []).map(({ event }) => event)
  const events = [...reduced.flatMap(one => one.events), ...observed]
  const [roomSid, ...others] = new Set(events.map(event => event.roomSid))
  return others.length === 0 ? roomSid : undefined
}

/** The kinds of the events and the reasons why there are none; of a feed with memory the number of payloads. */
function detailOf({ incoming: { payloads, observations = [] }, reduced }: Pending): string {
  if (reduced === undefined) return `${payloads.length} ${payloads.length === 1 ? 'payload' : 'payloads'}`
  const kinds = [...reduced.flatMap(({ events }) => events), ...observations.map(({ event }) => event)].map(
    event => event.kind,
  )
  const reasons = reduced.flatMap(({ events, reason }) => (events.length === 0 ? (reason ?? []) : []))
  return [...new Set([...kinds, ...reasons])].join(', ') || 'nothing'
}

import { randomUUID } from 'node:crypto'
import type { Feed } from '../../feeds/feed.ts'
import { roomSuperseded } from '../../feeds/observation.ts'
import type { RecordSettings } from '../../fold/participant-record.ts'
import type { FeedRow } from '../../store/feeds/feeds.ts'
import type { Store } from '../../store/store.ts'
import { recordEvents } from '../record-events.ts'
import type { Reconciliation } from './reconcile-livekit.ts'
import { type Found, findSilent, found, quietOf } from './silence.ts'

/**
 * Looks for what is over although nobody said so, and appends what it notices; the folds conclude. Of several processes
 * on one database one looks, and another once that one is gone.
 */
export interface Sweeper {
  /** Notes that this server is up and what it heard; where it is the one that looks, a look at all but the servers' lists. */
  sweep(): Promise<void>
  /** Where it is the one that looks, one comparison with each server's list. */
  reconcile(): Promise<void>
  start(): void
  /** Resolves once nothing more is written. */
  stop(): Promise<void>
}

const SWEEP_EVERY_MS = 10_000
/** Ticks that did not come. */
const BROKEN_AFTER_MS = 3 * SWEEP_EVERY_MS
const RECONCILE_EVERY_MS = 60_000
const UPTIME_KEPT_MS = 7 * 24 * 3_600_000
/** A room that took over a name: the end of the one before may still be on its way. */
const SUPERSEDED_AFTER_MS = 60_000
const FOUND_AT_ONCE = 500

export function createSweeper(options: {
  store: Store
  settings: RecordSettings
  feeds: readonly Feed[]
  configuredFeeds: readonly FeedRow[]
  reconciliations: readonly Reconciliation[]
  /** When each feed was last heard by this server, by its id. */
  heard: ReadonlyMap<string, number>
  clock: () => number
  onFault: (error: unknown) => void
}): Sweeper {
  const { store, settings, feeds, configuredFeeds, reconciliations, heard, clock, onFault } = options
  /** A time in which this server is up without a break, as far as it could note it. */
  let span = { serverId: randomUUID(), fromMs: clock() }
  let isBroken = false
  let lastTickMs = clock()
  const timers: NodeJS.Timeout[] = []
  const waiting = new Set<() => Promise<void>>()
  let running: Promise<void> = Promise.resolve()

  async function sweep(): Promise<void> {
    const nowMs = clock()
    if (isBroken) span = { serverId: randomUUID(), fromMs: nowMs }
    isBroken = true
    await store.uptime.beat({ ...span, untilMs: nowMs, heard }, nowMs - UPTIME_KEPT_MS)
    isBroken = false
    if (!(await store.lease.hold())) return
    const uptime = await store.uptime.since(0)
    const heardByAny = await store.uptime.heard()
    const quietFor = (feedId: string) => quietOf(nowMs, heardByAny.get(feedId), uptime)
    const rows = [...configuredFeeds, ...(await store.feeds.list())]
    for (const feed of feeds) {
      await record(await findSilent(store.open, feed, nowMs, quietFor))
      for (const row of rows) if (row.kind === feed.kind) await sweepMemory(feed, row, quietFor(row.feedId))
    }
    const rooms = await store.open.supersededRooms('livekit', nowMs - SUPERSEDED_AFTER_MS, FOUND_AT_ONCE)
    await record(
      rooms.map(room => found('livekit', room, roomSuperseded(room.roomSid, nowMs, 'server_crash'))),
    )
  }

  async function sweepMemory(feed: Feed, row: FeedRow, quiet: ReturnType<typeof quietOf>): Promise<void> {
    if (feed.sweep === undefined) return
    await store.transact(async transaction => {
      await transaction.lockFeed(row.feedId)
      const memory = transaction.memory(row.accountSid, row.feedId)
      const events = (await feed.sweep?.(memory, row, quiet)) ?? []
      if (events.length === 0) return
      const heardEvents = events.map(event => ({ event, native: '{}' }))
      const from = { accountSid: row.accountSid, feedId: row.feedId, feedKind: row.kind }
      await recordEvents(transaction, { ...from, receivedAtMs: quiet.nowMs, events: heardEvents }, settings)
    }, row.feedId)
  }

  async function record(all: readonly Found[]): Promise<void> {
    for (const { accountSid, feedId, feedKind, event } of all) {
      const heardEvent = { accountSid, feedId, feedKind, receivedAtMs: event.atMs }
      await store.transact(transaction =>
        recordEvents(transaction, { ...heardEvent, events: [{ event, native: '{}' }] }, settings),
      )
    }
  }

  async function reconcile(): Promise<void> {
    if (reconciliations.length === 0 || !(await store.lease.hold())) return
    for (const reconciliation of reconciliations) await reconciliation.run().catch(onFault)
  }

  /** One after another: a slow look is not overtaken by the next, and no more than one waits for it. */
  function queue(work: () => Promise<void>): void {
    if (waiting.has(work)) return
    waiting.add(work)
    running = running.then(() => (waiting.delete(work) ? work() : undefined)).catch(onFault)
  }

  /** A process that was frozen heard nothing meanwhile. */
  function tick(): void {
    const nowMs = clock()
    if (nowMs - lastTickMs > BROKEN_AFTER_MS) isBroken = true
    lastTickMs = nowMs
    queue(sweep)
  }

  return {
    sweep,
    reconcile,
    start() {
      queue(reconcile)
      queue(sweep)
      timers.push(setInterval(tick, SWEEP_EVERY_MS))
      timers.push(setInterval(() => queue(reconcile), RECONCILE_EVERY_MS))
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      waiting.clear()
      await running
      await store.lease.release()
    },
  }
}

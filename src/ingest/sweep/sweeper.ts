import { randomUUID } from 'node:crypto'
import type { Feed, ListeningWindow } from '../../feeds/feed.ts'
import type { FeedRow } from '../../store/feeds/feeds.ts'
import type { Store } from '../../store/store.ts'
import type { ApplyQueue } from '../apply-queue.ts'
import type { Reconciliation } from './reconcile.ts'
import { type Found, findSilent, findSuperseded, listeningWindow } from './silence.ts'

/**
 * Finds rooms and stays that ended without an event, and applies observations of them; the folds conclude from these.
 * Of several processes on one database, only the holder of the lease does this.
 */
export interface Sweeper {
  /** Stores that this server is up and when it received each feed. With the lease, does everything but `reconcile`. */
  sweep(): Promise<void>
  /** With the lease, compares once with the list of each media server. */
  reconcile(): Promise<void>
  start(): void
  /** Stops the timers. Resolves once a sweep that is running has ended. */
  stop(): Promise<void>
}

const SWEEP_EVERY_MS = 10_000
/** After a longer pause between two ticks, the process was frozen and received nothing in the meantime. */
const BROKEN_AFTER_MS = 3 * SWEEP_EVERY_MS
const RECONCILE_EVERY_MS = 60_000
const UPTIME_KEPT_MS = 7 * 24 * 3_600_000
/** How often one sweep calls `expire` of one feed at most. Entries that are left wait for the next sweep. */
const LOOKS_A_SWEEP = 20

export function createSweeper(options: {
  store: Store
  queue: ApplyQueue
  feeds: readonly Feed[]
  configuredFeeds: readonly FeedRow[]
  reconciliations: readonly Reconciliation[]
  /** When this server last received each feed, by the feed's id; unix milliseconds. */
  heard: ReadonlyMap<string, number>
  clock: () => number
  onFault: (error: unknown) => void
}): Sweeper {
  const { store, queue, feeds, configuredFeeds, reconciliations, heard, clock, onFault } = options
  /** The time in which this server was up without a break and could store that. */
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
    const windowOf = (feedId: string) => listeningWindow(nowMs, heardByAny.get(feedId), uptime)
    const rows = [...configuredFeeds, ...(await store.feeds.list())]
    for (const feed of feeds) {
      for await (const silent of findSilent(store.open, feed, nowMs, windowOf)) await observe(silent)
      if (feed.expire !== undefined) {
        for (const row of rows) if (row.kind === feed.kind) await expire(row, windowOf(row.feedId))
      }
      if (!feed.hasUniqueNames) continue
      for await (const rooms of findSuperseded(store.open, feed, nowMs)) await observe(rooms)
    }
  }

  async function expire(row: FeedRow, window: ListeningWindow): Promise<void> {
    const { accountSid, feedId, kind: feedKind } = row
    for (let looks = 0; looks < LOOKS_A_SWEEP && (await store.payloads.hasDue(row, window.nowMs)); looks++) {
      await queue.apply({
        accountSid,
        feedId,
        feedKind,
        receivedAtMs: window.nowMs,
        payloads: [],
        look: window,
      })
    }
  }

  async function observe(all: readonly Found[]): Promise<void> {
    const applied = all.map(({ event, ...feed }) =>
      queue.apply({
        ...feed,
        receivedAtMs: event.atMs,
        payloads: [],
        observations: [{ event, native: '{}' }],
      }),
    )
    await Promise.all(applied)
  }

  async function reconcile(): Promise<void> {
    if (reconciliations.length === 0 || !(await store.lease.hold())) return
    for (const reconciliation of reconciliations) await reconciliation.run().catch(onFault)
  }

  /** Runs one work after another. A work that already waits is not queued again. */
  function enqueue(work: () => Promise<void>): void {
    if (waiting.has(work)) return
    waiting.add(work)
    running = running.then(() => (waiting.delete(work) ? work() : undefined)).catch(onFault)
  }

  function tick(): void {
    const nowMs = clock()
    if (nowMs - lastTickMs > BROKEN_AFTER_MS) isBroken = true
    lastTickMs = nowMs
    enqueue(sweep)
  }

  return {
    sweep,
    reconcile,
    start() {
      enqueue(reconcile)
      enqueue(sweep)
      timers.push(setInterval(tick, SWEEP_EVERY_MS))
      timers.push(setInterval(() => enqueue(reconcile), RECONCILE_EVERY_MS))
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      waiting.clear()
      await running
      await store.lease.release()
    },
  }
}

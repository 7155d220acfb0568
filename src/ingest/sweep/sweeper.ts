import { randomUUID } from 'node:crypto'
import type { Feed, ListeningWindow } from '../../feeds/feed.ts'
import type { FeedRow } from '../../store/feeds/feeds.ts'
import type { Store } from '../../store/store.ts'
import type { ApplyQueue } from '../apply-queue.ts'
import { DELIVERIES_KEPT } from '../delivery-log.ts'
import { inGroups } from './in-groups.ts'
import type { Reconciliation } from './reconcile.ts'
import { type Found, findSilent, findSuperseded, listeningWindow } from './silence.ts'

/**
 * Finds rooms and stays that ended without an event, and applies observations of them; the folds conclude from these.
 * Of several processes on one database, only the holder of the lease does this.
 */
export interface Sweeper {
  /** Stores that this server is up and when it received each feed. With the lease, does everything but `reconcile`. */
  sweep(): Promise<void>
  /** With the lease, removes old lines of the log of deliveries. */
  trim(): Promise<void>
  /** With the lease, compares once with the list of each media server, with all of them at the same time. */
  reconcile(): Promise<void>
  start(): void
  /** Stops the timers. Resolves once what is running has ended. */
  stop(): Promise<void>
}

const SWEEP_EVERY_MS = 10_000
const TRIM_EVERY_MS = 10_000
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
  /** The runs of each work, one after another. */
  const running = new Map<() => Promise<void>, Promise<void>>()
  let holding: Promise<boolean> | undefined

  /** Takes the lease once if both works ask at the same time. */
  function hold(): Promise<boolean> {
    holding ??= store.lease.hold().finally(() => {
      holding = undefined
    })
    return holding
  }

  async function sweep(): Promise<void> {
    const nowMs = clock()
    if (isBroken) span = { serverId: randomUUID(), fromMs: nowMs }
    isBroken = true
    await store.uptime.beat({ ...span, untilMs: nowMs, heard }, nowMs - UPTIME_KEPT_MS)
    isBroken = false
    const problem = await store.spreadingProblem()
    // What is stored goes on, and a rebuild corrects it. What a sweep would conclude could be wrong.
    if (problem !== undefined) throw new Error(problem)
    if (!(await hold())) return
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
    await inGroups(all, ({ event, ...feed }) =>
      queue.apply({
        ...feed,
        receivedAtMs: event.atMs,
        payloads: [],
        observations: [{ event, native: '{}' }],
      }),
    )
  }

  /** Apart from the sweep, so that the log stays bounded while a sweep fails. */
  async function trim(): Promise<void> {
    if (await hold()) await store.deliveries.trim(DELIVERIES_KEPT)
  }

  async function reconcile(): Promise<void> {
    if (reconciliations.length === 0 || !(await hold())) return
    await Promise.all(reconciliations.map(reconciliation => reconciliation.run().catch(onFault)))
  }

  /**
   * Runs the work after its last run: a slow media server delays no sweep. A work that already waits is not queued
   * again.
   */
  function enqueue(work: () => Promise<void>): void {
    if (waiting.has(work)) return
    waiting.add(work)
    const before = running.get(work) ?? Promise.resolve()
    running.set(work, before.then(() => (waiting.delete(work) ? work() : undefined)).catch(onFault))
  }

  function tick(): void {
    const nowMs = clock()
    if (nowMs - lastTickMs > BROKEN_AFTER_MS) isBroken = true
    lastTickMs = nowMs
    enqueue(sweep)
  }

  return {
    sweep,
    trim,
    reconcile,
    start() {
      enqueue(reconcile)
      enqueue(sweep)
      timers.push(setInterval(tick, SWEEP_EVERY_MS))
      timers.push(setInterval(() => enqueue(trim), TRIM_EVERY_MS))
      timers.push(setInterval(() => enqueue(reconcile), RECONCILE_EVERY_MS))
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      waiting.clear()
      await Promise.all(running.values())
      await store.lease.release()
    },
  }
}

import type { Event } from '../../../src/event.ts'
import { janus as feed } from '../../../src/feeds/janus/index.ts'
import type { Payload } from '../../../src/feeds/payload.ts'
import { feedMemory } from '../../../src/ingest/feed-memory.ts'
import { sourceOf } from '../../../src/ingest/reduce-payloads.ts'
import type { MemoryRow, MemoryRows } from '../../../src/store/feeds/memory-rows.ts'
import { type JanusEvent, START_MS } from './janus-events.ts'

const SOURCE = sourceOf({ accountSid: `AC${'a1'.repeat(16)}`, feedId: `FD${'f1'.repeat(16)}` })
const LIMIT_AT_ONCE = 100

/**
 * The Janus feed alone with what it remembers, whose rows are in a map. Every `tell` and every `expireAt` is a
 * transaction of its own: nothing is read from one to the next but the rows.
 */
export function janusMemory() {
  const rows = new Map<string, MemoryRow>()
  let reads = 0
  const stored: MemoryRows = {
    async read(keys) {
      reads++
      return keys.flatMap(key => rows.get(key) ?? [])
    },
    async range(from, to) {
      reads++
      return [...rows.values()].filter(({ key }) => from <= key && key < to)
    },
    async due(nowMs, limit) {
      const due = [...rows.values()].filter(({ dueMs }) => (dueMs ?? Infinity) <= nowMs)
      return due.sort((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0)).slice(0, Math.min(limit, LIMIT_AT_ONCE))
    },
    async write(written) {
      for (const row of written) rows.set(row.key, row)
    },
    async remove(keys) {
      for (const key of keys) rows.delete(key)
    },
  }

  async function reduceAll(payloads: readonly Payload[], memory = feedMemory(stored)): Promise<Event[]> {
    const events: Event[] = []
    for (const payload of payloads) events.push(...(await feed.reduce(payload, memory, SOURCE)).events)
    await memory.flush()
    return events
  }

  return {
    rows,
    /** How many statements have read from the memory. */
    reads: () => reads,
    /** Reduces what Janus sends, as one delivery; the events that follow. */
    async tell(...events: readonly (JanusEvent | readonly JanusEvent[])[]): Promise<Event[]> {
      return await reduceAll(payloadsOf(events.flat()))
    },
    /** One look at what is due, so many seconds after START_MS; the events of what is over. */
    async expireAt(sec: number, isHeard = true): Promise<Event[]> {
      const nowMs = START_MS + sec * 1000
      const wasHeard = (fromMs: number, ms: number) => isHeard && fromMs + ms <= nowMs
      const memory = feedMemory(stored)
      return await reduceAll((await feed.expire?.(memory, { nowMs, wasHeard })) ?? [], memory)
    },
    /** The keys of all entries. */
    keys: () => [...rows.keys()].sort(),
    /** The kinds of all entries, each once. */
    kinds: () => [...new Set([...rows.keys()].map(key => key.split('|')[0]))].sort(),
  }
}

/** The payloads of one delivery. */
export function payloadsOf(events: readonly JanusEvent[]): readonly Payload[] {
  const body = Buffer.from(JSON.stringify(events))
  return feed.payloads({ method: 'POST', url: '', headers: {}, params: {}, body }, SOURCE)
}

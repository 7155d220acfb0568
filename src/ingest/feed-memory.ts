import { type Entry, keysUnder, type Memory } from '../feeds/memory.ts'
import type { MemoryRow, MemoryRows } from '../store/feeds/memory-rows.ts'

/** `due` returns at most this many entries. */
export const DUE_AT_ONCE = 500

/** The memory of a feed that a transaction has locked. */
export interface FeedMemory extends Memory {
  /** Writes all entries that were set or deleted since the last flush. */
  flush(): Promise<void>
}

/** Entries that were read or set are cached until the transaction ends: until then, no other can change them. */
export function feedMemory(feed: MemoryRows): FeedMemory {
  /** `undefined` for a key that has no entry. */
  const known = new Map<string, MemoryRow | undefined>()
  const changed = new Set<string>()

  async function load(keys: readonly string[]): Promise<void> {
    const missing = keys.filter(key => !known.has(key))
    if (missing.length === 0) return
    const rows = new Map((await feed.read(missing)).map(row => [row.key, row]))
    for (const key of missing) known.set(key, rows.get(key))
  }

  /** The rows that belong to a query: those found in the database, with what this transaction changed. */
  function current(found: readonly MemoryRow[], belongs: (row: MemoryRow) => boolean): MemoryRow[] {
    for (const row of found) if (!known.has(row.key)) known.set(row.key, row)
    return [...known.values()].filter(row => row !== undefined).filter(belongs)
  }

  return {
    load,
    async get<T>(key: string) {
      await load([key])
      return valueIn<T>(known.get(key))
    },
    set(key, value, dueMs) {
      known.set(key, { key, value: JSON.stringify(value), dueMs: dueMs ?? null })
      changed.add(key)
    },
    delete(key) {
      known.set(key, undefined)
      changed.add(key)
    },
    async list<T>(...parts: readonly string[]) {
      const [from, to] = keysUnder(...parts)
      const rows = current(await feed.range(from, to), ({ key }) => from <= key && key < to)
      return rows.sort((a, b) => (a.key < b.key ? -1 : 1)).map(entryOf<T>)
    },
    async due<T>(nowMs: number) {
      const rows = current(
        await feed.due(nowMs, DUE_AT_ONCE),
        ({ dueMs }) => dueMs !== null && dueMs <= nowMs,
      )
      return rows
        .sort((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0))
        .slice(0, DUE_AT_ONCE)
        .map(entryOf<T>)
    },
    async flush() {
      const rows = [...changed].map(key => [key, known.get(key)] as const)
      changed.clear()
      await feed.remove(rows.flatMap(([key, row]) => (row === undefined ? [key] : [])))
      await feed.write(rows.flatMap(([, row]) => row ?? []))
    },
  }
}

function entryOf<T>({ key, value }: MemoryRow): Entry<T> {
  return { key, value: JSON.parse(value) }
}

function valueIn<T>(row: MemoryRow | undefined): T | undefined {
  return row && JSON.parse(row.value)
}

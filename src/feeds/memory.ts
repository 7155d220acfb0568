import { createHash } from 'node:crypto'

/**
 * What a feed remembers from one payload to the next: values under keys, kept in the same commit as the events that
 * follow from them. Values are JSON of the feed's own making; whoever reads one names its shape. What was read once in
 * a transaction is not asked of the database again, and all writes go there together at its end.
 */
export interface Memory {
  /** Reads these keys by one statement, so that `get` finds them without another. */
  load(keys: readonly string[]): Promise<void>
  get<T>(key: string): Promise<T | undefined>
  /** `dueMs` is when `expire` is to look at the entry, in unix milliseconds; without it `expire` never does. */
  set(key: string, value: unknown, dueMs?: number): void
  delete(key: string): void
  /** The entries whose keys begin with these parts, by key. */
  list<T>(...parts: readonly string[]): Promise<Entry<T>[]>
  /** The entries that are due by a moment, the longest due first; no more than are looked at in one go. */
  due<T>(nowMs: number): Promise<Entry<T>[]>
}

export interface Entry<T> {
  readonly key: string
  readonly value: T
}

/** The longest part that a key holds as it is: every engine has a limit for keys. */
const MAX_PART_CHARS = 300

/** The key made of these parts. No text in a part can be taken for the border between two. */
export function memoryKey(...parts: readonly (string | number)[]): string {
  return parts.map(part => bounded(encodeURIComponent(part).replaceAll('}', '%7D'))).join('|')
}

/** The range of all keys that begin with these parts: from the first, up to the second and without it. */
export function keysUnder(...parts: readonly (string | number)[]): [from: string, to: string] {
  const key = memoryKey(...parts)
  return [`${key}|`, `${key}}`]
}

function bounded(part: string): string {
  if (part.length <= MAX_PART_CHARS) return part
  return `~${createHash('sha256').update(part).digest('hex')}`
}

/** The memory of a feed that has none. */
export const NO_MEMORY: Memory = {
  async load() {},
  get: async () => undefined,
  set() {},
  delete() {},
  list: async () => [],
  due: async () => [],
}

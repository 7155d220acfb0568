import { digestOf } from './json.ts'

/**
 * What a feed remembers from one payload to the next: values under keys, stored in the same commit as the events that
 * follow from them. Values are JSON; the feed names the type of a value when it reads it. In a transaction each entry
 * is read from the database once, and all changes are written together at the end.
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
  /** A limited number of the entries that are due at `nowMs`. The entry that is due for longest comes first. */
  due<T>(nowMs: number): Promise<Entry<T>[]>
}

export interface Entry<T> {
  readonly key: string
  readonly value: T
}

/** A longer part of a key is replaced by its hash, because the engines limit the length of keys. */
const MAX_PART_CHARS = 300

/** The key made of these parts. They are encoded, so that none contains the separator. */
export function memoryKey(...parts: readonly (string | number)[]): string {
  return parts.map(part => bounded(encodeURIComponent(part).replaceAll('}', '%7D'))).join('|')
}

/** The range of all keys that begin with these parts: `from` is in it, and `to` is not. */
export function keysUnder(...parts: readonly (string | number)[]): [from: string, to: string] {
  const key = memoryKey(...parts)
  return [`${key}|`, `${key}}`]
}

function bounded(part: string): string {
  if (part.length <= MAX_PART_CHARS) return part
  return `~${digestOf(part)}`
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

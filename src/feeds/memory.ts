import { createHash } from 'node:crypto'

/**
 * What a feed remembers from one payload to the next: values under keys, kept in the same commit as the events that
 * follow from them. Values are JSON of the feed's own making; the reader names their shape.
 */
export interface Memory {
  get<T>(key: string): Promise<T | undefined>
  set(key: string, value: unknown): Promise<void>
  delete(key: string): Promise<void>
  /** The entries whose keys lie from `from` up to, not with, `to`, by key. */
  list<T>(from: string, to: string): Promise<Entry<T>[]>
  /** The last of those. */
  last<T>(from: string, to: string): Promise<Entry<T> | undefined>
}

export interface Entry<T> {
  readonly key: string
  readonly value: T
}

/** The longest part that stands in a key as it is: every engine has a limit for keys. */
const MAX_PART_CHARS = 300

/** The key made of these parts: what they hold cannot be taken for the border between them. */
export function memoryKey(...parts: readonly (string | number)[]): string {
  return parts.map(part => bounded(encodeURIComponent(part).replaceAll('}', '%7D'))).join('|')
}

/** The range of all keys that begin with these parts. */
export function keysUnder(...parts: readonly (string | number)[]): [from: string, to: string] {
  const key = memoryKey(...parts)
  return [`${key}|`, `${key}}`]
}

function bounded(part: string): string {
  if (part.length <= MAX_PART_CHARS) return part
  return `~${createHash('sha256').update(part).digest('hex')}`
}

import { type Memory, memoryKey } from '../memory.ts'
import { dueMsOf } from './due.ts'
import type { Entries, Kind, MemberId, ViewerId } from './entries.ts'

/**
 * What an entry is found by: a native id, room and id for a member and its media, or room and session for a viewer. The
 * emitter's own is empty.
 */
export type EntryId = string | MemberId | ViewerId

/** The kind of an entry, and what it is found by. */
export type EntryRef = readonly [kind: Kind, id: EntryId]

/** The memory of one Janus. Sets every entry with the time at which `expire` is to look at it. */
export class EmitterMemory {
  readonly emitter: string
  readonly #memory: Memory
  readonly #nowMs: number

  /** `nowMs` is the time of the event that is reduced, or of the look for what is due, in unix milliseconds. */
  constructor(memory: Memory, emitter: string, nowMs: number) {
    this.#memory = memory
    this.emitter = emitter
    this.#nowMs = nowMs
  }

  /** Reads these entries by one statement, so that `get` finds them without another. */
  async load(entries: readonly EntryRef[]): Promise<void> {
    if (entries.length > 0) await this.#memory.load(entries.map(([kind, id]) => this.#keyOf(kind, id)))
  }

  get<K extends Kind>(kind: K, id: EntryId): Promise<Entries[K] | undefined> {
    return this.#memory.get<Entries[K]>(this.#keyOf(kind, id))
  }

  set<K extends Kind>(kind: K, id: EntryId, value: Entries[K]): void {
    const written = { ...value, changedAtMs: this.#nowMs }
    this.#memory.set(this.#keyOf(kind, id), written, dueMsOf(kind, value, this.#nowMs))
  }

  delete(kind: Kind, id: EntryId): void {
    this.#memory.delete(this.#keyOf(kind, id))
  }

  /** All entries of a kind, or the members of one room. */
  async list<K extends Kind>(kind: K, ...nativeRoom: readonly string[]): Promise<Entries[K][]> {
    const entries = await this.#memory.list<Entries[K]>(kind, this.emitter, ...nativeRoom)
    return entries.map(({ value }) => value)
  }

  /** Forgets all entries of a kind. */
  async clear(kind: Kind): Promise<void> {
    for (const { key } of await this.#memory.list(kind, this.emitter)) this.#memory.delete(key)
  }

  #keyOf(kind: Kind, id: EntryId): string {
    if (typeof id === 'string') return memoryKey(kind, this.emitter, id)
    return memoryKey(kind, this.emitter, id.nativeRoom, 'nativeId' in id ? id.nativeId : id.sessionId)
  }
}

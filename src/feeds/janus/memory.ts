import { keysUnder, type Memory, memoryKey } from '../memory.ts'

/** One Janus, by its `server_name`. */
export interface Emitter {
  /** The time of its last event, in unix milliseconds. */
  readonly lastMs: number
  /** True once it said that it shuts down. */
  readonly isStopping?: boolean | undefined
}

export interface Session {
  readonly transportId?: string | undefined
  /** Set once its transport is gone. */
  readonly isDisconnected?: boolean | undefined
  readonly ended?: 'timeout' | 'destroyed' | undefined
  readonly handleIds: readonly string[]
}

export interface Handle {
  readonly sessionId: string
  /** The key of the member that it is in a room as. */
  readonly member?: string | undefined
}

/** One stay, under the room and the id that all but its join are told by. */
export interface Member {
  readonly participantSid: string
  readonly roomSid: string
  readonly nativeRoom: string
  readonly nativeId: string
  readonly sessionId?: string | undefined
  readonly handleId?: string | undefined
  /** True once its room was destroyed. */
  readonly isOver?: boolean | undefined
  /** The last sign of it while its media flow. */
  readonly lastMediaMs?: number | undefined
  /** When it last stopped sending. */
  readonly mediaEndedMs?: number | undefined
  /** The last sign, once it was told to be silent since: its room does not count it until there is another. */
  readonly toldSilentMs?: number | undefined
}

/** The open instance of a room. */
export interface OpenRoom {
  readonly roomSid: string
  readonly nativeRoom: string
  /** True for one that was made through the API: it lasts until it is destroyed. */
  readonly isCreated: boolean
  readonly members: number
  /** When somebody left last. */
  readonly lastLeftMs?: number | undefined
  /** Since when nobody is in it. */
  readonly emptySinceMs?: number | undefined
  /** The last sign after which it was told to be empty. */
  readonly toldEmptyMs?: number | undefined
  /** True once its Janus said that it shuts down: what still comes is of those who were there. */
  readonly isOver?: boolean | undefined
}

interface Kinds {
  emitter: Emitter
  transport: readonly string[]
  session: Session
  handle: Handle
  member: Member
  room: OpenRoom
}

/** What is remembered of one Janus, by kind and native id. */
export class EmitterMemory {
  readonly #memory: Memory
  readonly #emitter: string

  constructor(memory: Memory, emitter: string) {
    this.#memory = memory
    this.#emitter = emitter
  }

  get<K extends keyof Kinds>(kind: K, id: string): Promise<Kinds[K] | undefined> {
    return this.#memory.get<Kinds[K]>(memoryKey(kind, this.#emitter, id))
  }

  set<K extends keyof Kinds>(kind: K, id: string, value: Kinds[K]): Promise<void> {
    return this.#memory.set(memoryKey(kind, this.#emitter, id), value)
  }

  delete(kind: keyof Kinds, id: string): Promise<void> {
    return this.#memory.delete(memoryKey(kind, this.#emitter, id))
  }

  async all<K extends keyof Kinds>(kind: K): Promise<Kinds[K][]> {
    const entries = await this.#memory.list<Kinds[K]>(...keysUnder(kind, this.#emitter))
    return entries.map(({ value }) => value)
  }

  /** Forgets all of a kind. */
  async clear(kind: keyof Kinds): Promise<void> {
    for (const { key } of await this.#memory.list(...keysUnder(kind, this.#emitter))) {
      await this.#memory.delete(key)
    }
  }
}

/** What is remembered of each Janus of the feed. */
export async function everyEmitter(memory: Memory): Promise<EmitterMemory[]> {
  const entries = await memory.list<Emitter>(...keysUnder('emitter'))
  return entries.map(({ key }) => new EmitterMemory(memory, decodeURIComponent(key.split('|')[1] ?? '')))
}

/** The key of a member: the id is unique in its room while it is there. */
export function memberId(nativeRoom: string, nativeId: string): string {
  return JSON.stringify([nativeRoom, nativeId])
}

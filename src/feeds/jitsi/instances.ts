import { roomSid as sidOf } from '../../sid.ts'
import type { Linked, Move, Source } from '../feed.ts'
import { keysUnder, type Memory, memoryKey } from '../memory.ts'

type Claims = NonNullable<Linked['claims']>

/** An instance of a room, and what was learned by finding it. */
export interface Instance {
  readonly roomSid: string
  readonly claims: Claims
  /** Instances that are over, since a later one is known: the server has one room of a name at a time. */
  readonly superseded: readonly string[]
}

interface Creation {
  readonly createdAtMs: number
  readonly destroyedAtMs?: number | undefined
}

interface Stay {
  readonly joinedAtMs: number
  readonly participantSid: string
  readonly roomSid: string
}

const END_OF_TIME_MS = 1e14

/**
 * The instance of a room that a stay is of: the last one created at or before its join, or, where that was destroyed
 * before the join, the one after it, of which nothing is known. The more is known the later the instance: a stay
 * never comes back to one that it was moved from.
 */
export async function findInstance(
  memory: Memory,
  source: Source,
  room: string,
  stay: Omit<Stay, 'roomSid'>,
): Promise<Instance> {
  const { joinedAtMs, participantSid } = stay
  const creation = await lastCreation(memory, room, joinedAtMs)
  const claiming = new Claiming(memory, source, room)
  const roomSid = await claiming.sidAt(placeOf(creation, joinedAtMs), participantSid)
  if (!isSettled(creation, joinedAtMs)) await memory.set(stayKey(room, stay), { ...stay, roomSid })
  const { made } = claiming
  const isOver = made.length > 0 && (await nextCreation(memory, room, joinedAtMs)) !== undefined
  return { roomSid, claims: made, superseded: isOver ? [roomSid] : [] }
}

/** What a creation or a destruction teaches: its instance, and the stays that turn out to be of another than they were told in. */
export async function learnInstance(
  memory: Memory,
  source: Source,
  room: string,
  told: Creation,
): Promise<Instance & { moves: Move[] }> {
  const { createdAtMs } = told
  const key = memoryKey('creation', room, padded(createdAtMs))
  const before = await memory.get<Creation>(key)
  const creation: Creation = { createdAtMs, destroyedAtMs: before?.destroyedAtMs ?? told.destroyedAtMs }
  const previous = await lastCreation(memory, room, createdAtMs - 1)
  const next = await nextCreation(memory, room, createdAtMs)
  const claiming = new Claiming(memory, source, room)
  const moves: Move[] = []
  if (before === undefined || before.destroyedAtMs !== creation.destroyedAtMs) {
    const stays = await staysBetween(memory, room, previous, next)
    const mine = stays.filter(({ joinedAtMs }) => joinedAtMs >= createdAtMs)
    const first = stays.find(({ joinedAtMs }) => isAfter(previous, joinedAtMs))
    // An instance of which nothing was known turns out to be this one: it keeps the SID that was served.
    if (before === undefined && first !== undefined && first.joinedAtMs >= createdAtMs) {
      await claiming.handOver(placeOf(previous, first.joinedAtMs), placeOf(creation, first.joinedAtMs))
    }
    await memory.set(key, creation)
    for (const stay of mine) {
      const { participantSid, joinedAtMs, roomSid: fromRoomSid } = stay
      const toRoomSid = await claiming.sidAt(placeOf(creation, joinedAtMs), participantSid)
      if (toRoomSid !== fromRoomSid) moves.push({ participantSid, fromRoomSid, toRoomSid, atMs: joinedAtMs })
      if (isSettled(creation, joinedAtMs)) await memory.delete(stayKey(room, stay))
      else await memory.set(stayKey(room, stay), { ...stay, roomSid: toRoomSid })
    }
  }
  const roomSid = await claiming.sidAt(placeOf(creation, createdAtMs), '')
  const isEnded = creation.destroyedAtMs !== undefined
  const made = claiming.made.map(claim => claim.roomSid).filter(sid => sid !== roomSid || !isEnded)
  const isNewest = before === undefined && next === undefined
  const superseded = isNewest ? await claiming.overBefore(previous) : next === undefined ? [] : made
  return { roomSid, claims: claiming.made, superseded, moves }
}

/** The SID under which a stay is told by now. */
export async function sidOfStay(
  memory: Memory,
  source: Source,
  room: string,
  joinedAtMs: number,
): Promise<string> {
  const creation = await lastCreation(memory, room, joinedAtMs)
  return await new Claiming(memory, source, room).sidAt(placeOf(creation, joinedAtMs), '')
}

/** The place of a stay among the instances of its room: in a known one, or after it. */
function placeOf(creation: Creation | undefined, joinedAtMs: number): string {
  return `${isAfter(creation, joinedAtMs) ? 'after' : 'at'} ${creation?.createdAtMs ?? 0}`
}

/** True for a stay in an instance of which nothing is known but that this one was before it. */
function isAfter(creation: Creation | undefined, joinedAtMs: number): boolean {
  return creation === undefined || (creation.destroyedAtMs ?? END_OF_TIME_MS) < joinedAtMs
}

/** True where nothing that is learned later can change the place; at the second of the end another may begin. */
function isSettled(creation: Creation | undefined, joinedAtMs: number): boolean {
  return creation?.destroyedAtMs !== undefined && joinedAtMs < creation.destroyedAtMs
}

async function lastCreation(memory: Memory, room: string, atMs: number): Promise<Creation | undefined> {
  const [from] = keysUnder('creation', room)
  return (await memory.last<Creation>(from, memoryKey('creation', room, padded(atMs + 1))))?.value
}

async function nextCreation(memory: Memory, room: string, atMs: number): Promise<Creation | undefined> {
  const [, to] = keysUnder('creation', room)
  const [next] = await memory.list<Creation>(memoryKey('creation', room, padded(atMs + 1)), to)
  return next?.value
}

/** The stays whose place may change: from the creation before one up to the next. */
async function staysBetween(
  memory: Memory,
  room: string,
  previous: Creation | undefined,
  next: Creation | undefined,
) {
  const entries = await memory.list<Stay>(
    memoryKey('stay', room, padded(previous?.createdAtMs ?? 0)),
    memoryKey('stay', room, padded(next?.createdAtMs ?? END_OF_TIME_MS)),
  )
  return entries.map(entry => entry.value)
}

/** Gives SIDs to places: the first sign of an instance claims one, and it is never given to another. */
class Claiming {
  readonly made: Claims[number][] = []
  readonly #memory: Memory
  readonly #source: Source
  readonly #room: string

  constructor(memory: Memory, source: Source, room: string) {
    this.#memory = memory
    this.#source = source
    this.#room = room
  }

  async sidAt(place: string, firstSign: string): Promise<string> {
    const known = await this.#knownSid(place)
    if (known !== undefined) return known
    const { accountSid, feedId } = this.#source
    const instance = `${this.#room} ${place} ${firstSign}`.trim()
    const roomSid = sidOf(accountSid, feedId, instance)
    await this.#memory.set(memoryKey('sid', this.#room, place), roomSid)
    this.made.push({ roomSid, instance })
    return roomSid
  }

  /** The instances from one on that are over, with nothing known of their end, once there is a later one. */
  async overBefore(creation: Creation | undefined): Promise<string[]> {
    const after = await this.#knownSid(`after ${creation?.createdAtMs ?? 0}`)
    const isOpen = creation !== undefined && creation.destroyedAtMs === undefined
    const at = isOpen ? await this.#knownSid(`at ${creation.createdAtMs}`) : undefined
    return [at, after].filter(sid => sid !== undefined)
  }

  #knownSid(place: string): Promise<string | undefined> {
    return this.#memory.get<string>(memoryKey('sid', this.#room, place))
  }

  async handOver(from: string, to: string): Promise<void> {
    const roomSid = await this.#knownSid(from)
    if (roomSid === undefined) return
    await this.#memory.delete(memoryKey('sid', this.#room, from))
    await this.#memory.set(memoryKey('sid', this.#room, to), roomSid)
  }
}

function stayKey(room: string, { joinedAtMs, participantSid }: Omit<Stay, 'roomSid'>): string {
  return memoryKey('stay', room, padded(joinedAtMs), participantSid)
}

/** Moments whose order as texts is that of time. */
function padded(ms: number): string {
  return String(ms).padStart(15, '0')
}

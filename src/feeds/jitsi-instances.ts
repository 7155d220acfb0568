import { keysUnder, type Memory, memoryKey } from '../memory.ts'
import { roomSid as sidOf } from '../sid.ts'
import type { Linked, Move, Source } from './feed.ts'

type Claims = NonNullable<Linked['claims']>

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
): Promise<{ roomSid: string; claims: Claims }> {
  const { joinedAtMs, participantSid } = stay
  const creation = await lastCreation(memory, room, joinedAtMs)
  const claims = new Claiming(memory, source, room)
  const roomSid = await claims.sidAt(placeOf(creation, joinedAtMs), participantSid)
  if (!isSettled(creation, joinedAtMs)) await memory.set(stayKey(room, stay), { ...stay, roomSid })
  return { roomSid, claims: claims.made }
}

/** What a creation or a destruction teaches: its instance, and the stays that turn out to be of another than they were told in. */
export async function learnInstance(
  memory: Memory,
  source: Source,
  room: string,
  told: Creation,
): Promise<{ roomSid: string; claims: Claims; moves: Move[] }> {
  const { createdAtMs } = told
  const key = memoryKey('creation', room, padded(createdAtMs))
  const before = await memory.get<Creation>(key)
  const creation: Creation = { createdAtMs, destroyedAtMs: before?.destroyedAtMs ?? told.destroyedAtMs }
  const previous = await lastCreation(memory, room, createdAtMs - 1)
  const claiming = new Claiming(memory, source, room)
  const moves: Move[] = []
  if (before === undefined || before.destroyedAtMs !== creation.destroyedAtMs) {
    const stays = await staysBetween(memory, room, previous, creation)
    const mine = stays.filter(({ joinedAtMs }) => joinedAtMs >= createdAtMs)
    const [first] = mine
    const old = placeOf(previous, createdAtMs)
    const stayed = stays.some(
      ({ joinedAtMs }) => joinedAtMs < createdAtMs && placeOf(previous, joinedAtMs) === old,
    )
    // An instance of which nothing was known turns out to be this one: it keeps the SID that was served.
    if (before === undefined && first !== undefined && old.startsWith('after') && !stayed) {
      await claiming.handOver(old, placeOf(creation, first.joinedAtMs))
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
  return { roomSid, claims: claiming.made, moves }
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
  if (creation === undefined) return 'after 0'
  const { createdAtMs, destroyedAtMs = END_OF_TIME_MS } = creation
  return destroyedAtMs < joinedAtMs ? `after ${createdAtMs}` : `at ${createdAtMs}`
}

/** True where nothing that is learned later can change the place; at the second of the end another may begin. */
function isSettled(creation: Creation | undefined, joinedAtMs: number): boolean {
  return creation?.destroyedAtMs !== undefined && joinedAtMs < creation.destroyedAtMs
}

async function lastCreation(memory: Memory, room: string, atMs: number): Promise<Creation | undefined> {
  const [from] = keysUnder('creation', room)
  return (await memory.last<Creation>(from, memoryKey('creation', room, padded(atMs + 1))))?.value
}

/** The stays whose place may change: from the creation before this one up to the next. */
async function staysBetween(
  memory: Memory,
  room: string,
  previous: Creation | undefined,
  creation: Creation,
) {
  const [, afterAll] = keysUnder('creation', room)
  const nextKey = memoryKey('creation', room, padded(creation.createdAtMs + 1))
  const [next] = await memory.list<Creation>(nextKey, afterAll)
  const entries = await memory.list<Stay>(
    memoryKey('stay', room, padded(previous?.createdAtMs ?? 0)),
    memoryKey('stay', room, padded(next?.value.createdAtMs ?? END_OF_TIME_MS)),
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
    const key = memoryKey('sid', this.#room, place)
    const known = await this.#memory.get<string>(key)
    if (known !== undefined) return known
    const { accountSid, feedId } = this.#source
    const instance = `${this.#room} ${place} ${firstSign}`.trim()
    const roomSid = sidOf(accountSid, feedId, instance)
    await this.#memory.set(key, roomSid)
    this.made.push({ roomSid, instance })
    return roomSid
  }

  async handOver(from: string, to: string): Promise<void> {
    const roomSid = await this.#memory.get<string>(memoryKey('sid', this.#room, from))
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

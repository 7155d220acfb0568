import { type Memory, memoryKey } from '../memory.ts'

/**
 * What the feed remembers, and under which key:
 *
 *   room|<room>                           RoomEntry       the instances of a room and their SIDs
 *   stay|<room>|<join>|<participant SID>  StayEntry       a stay that may turn out to be in another instance of its room
 *   occupant|<main room JID>|<JID>        OccupantStay[]  the latest stays of one connection in a room and its breakouts
 *
 * `expire` deletes an entry FORGET_AFTER_MS after the last moment that it states, by the clock of the source. So there
 * are at most as many entries as rooms, stays and connections had requests in that time.
 */
export type JitsiEntry = RoomEntry | StayEntry | readonly OccupantStay[]

/** The instances of one room, as far as they are known. */
export interface RoomEntry {
  /** By time. `RoomInstances.entry` says which of them are kept. */
  readonly creations: readonly Creation[]
  /** The SID that each place was given (see instances.ts). */
  readonly sids: Readonly<Record<string, string>>
  /** The last moment in a request about this room, or a moment up to LAST_WITHIN_MS before it; unix milliseconds. */
  readonly lastMs: number
}

/** When an instance was created and, if that is known, when it was destroyed. Unix milliseconds. */
export interface Creation {
  readonly createdAtMs: number
  readonly destroyedAtMs?: number | undefined
  /** Later destructions of the same creation: the room was used again without one. The latest ones, by time. */
  readonly destroyedAgainMs?: readonly number[] | undefined
}

/** A stay, and the SID of the room in which its events were stored. */
export interface StayEntry {
  readonly joinedAtMs: number
  readonly participantSid: string
  readonly roomSid: string
}

/** One stay of a connection. */
export interface OccupantStay {
  readonly roomKey: string
  readonly participantSid: string
  readonly joinedAtMs: number
  readonly leftAtMs?: number | undefined
  /** True once an event says that this stay ended with a move. */
  readonly isToldMoved?: boolean | undefined
}

const DAY_MS = 24 * 3_600_000
/** How long after the last moment that it states an entry is deleted. */
export const FORGET_AFTER_MS = 7 * DAY_MS
/**
 * How far back from the moments of a payload `reduce` looks. It is a day less than FORGET_AFTER_MS, so that a payload
 * that comes less than a day late is reduced in the same way whether or not `expire` has run: a rebuild runs none.
 */
export const LOOK_BACK_MS = FORGET_AFTER_MS - DAY_MS

/** The precision of the last moment of a room, so that the entry is not written for each request. */
export const LAST_WITHIN_MS = 3_600_000

export function roomEntryKey(room: string): string {
  return memoryKey('room', room)
}

/** The moment has leading zeros, so that the keys sort by time. */
export function stayKey(room: string, joinedAtMs: number, participantSid: string): string {
  return memoryKey('stay', room, String(joinedAtMs).padStart(15, '0'), participantSid)
}

export function occupantKey(mainJid: string, occupantJid: string): string {
  return memoryKey('occupant', mainJid, occupantJid)
}

/** The stays of a room that may turn out to be in another instance, by join; none that joined before a moment. */
export async function listStays(memory: Memory, room: string, fromMs: number): Promise<StayEntry[]> {
  const entries = await memory.list<StayEntry>('stay', room)
  return entries.map(({ value }) => value).filter(({ joinedAtMs }) => joinedAtMs >= fromMs)
}

/** Writes an entry, unless it is already the same. It is due when it is to be forgotten. */
export async function setEntry(memory: Memory, key: string, value: JitsiEntry): Promise<void> {
  const before = await memory.get<JitsiEntry>(key)
  if (before !== undefined && JSON.stringify(before) === JSON.stringify(value)) return
  memory.set(key, value, dueMsOf(value))
}

/** When an entry is to be forgotten, in unix milliseconds. */
export function dueMsOf(value: JitsiEntry): number {
  return lastMomentOf(value) + FORGET_AFTER_MS
}

function lastMomentOf(value: JitsiEntry): number {
  if ('lastMs' in value) return value.lastMs
  if ('joinedAtMs' in value) return value.joinedAtMs
  return value.reduce((last, { joinedAtMs, leftAtMs = 0 }) => Math.max(last, joinedAtMs, leftAtMs), 0)
}

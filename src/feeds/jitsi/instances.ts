import type { Claim, Move, Source } from '../feed.ts'
import { type Creation, LAST_WITHIN_MS, LOOK_BACK_MS, type RoomEntry, type StayEntry } from './entries.ts'

/** A stay in an instance of a room. */
export interface PlacedStay extends StayEntry {
  /** True where nothing that is learned later can show that the stay is in another instance. */
  readonly isSettled: boolean
}

/** A stated end of an instance. */
export interface InstanceEnd {
  readonly roomSid: string
  /** Unix milliseconds. */
  readonly atMs: number
}

/** What follows from a creation or a destruction. */
export interface Learned {
  readonly roomSid: string
  /** SIDs of instances that are over, because a later one is known. */
  readonly superseded: readonly string[]
  /** When the later instance was created that supersedes them, in unix milliseconds. */
  readonly supersededAtMs: number
  /** The ends of the unknown instance after this one, which a second destruction of this one states. */
  readonly ends: readonly InstanceEnd[]
  /** The stays that were given and are in the instance. */
  readonly stays: readonly PlacedStay[]
  /** Of those, the stays whose events were stored in another room. */
  readonly moves: readonly Move[]
}

/** At most this many instances of one room are kept, so that its entry stays small. */
const MAX_CREATIONS = 100
/** At most this many destructions of one creation are kept, besides the first. */
const MAX_DESTRUCTIONS = 10
const END_OF_TIME_MS = 1e14

/**
 * The instances of one room. Jitsi gives them no id, a join does not say which instance it is in, and requests come in
 * any order. What tells instances apart is when they were created and destroyed, as far as that is known: prosody has
 * one room of a JID at a time. Every moment has a place among them, and every place has one room SID.
 *
 *   state      place             known by         next state
 *   unknown    after <creation>  a stay in it     open or destroyed, once its creation is told; it keeps its SID
 *   open       at <creation>     its creation     destroyed, once its destruction is told
 *   destroyed  at <creation>     its destruction  none
 *
 * An unknown or open instance is superseded, which ends it, once a later creation is told.
 *
 *   the last creation at or before the join of a stay   the stay is in
 *   none                                                the unknown instance `after 0`
 *   one that was destroyed before the join              the unknown instance after it
 *   any other                                           the instance created then
 *
 * So what is told later can move stays, but never back to an instance in which they were before:
 *
 *   told later                                            the stays that joined since, up to the next creation
 *   a creation, if the first unknown stay joined since    stay: the unknown instance turns out to be the one created
 *   any other creation                                    move to the instance created
 *   a destruction                                         move to the unknown instance after it, if they joined later
 *
 * A second destruction of a creation ends the unknown instance after it: the room was used again without a creation.
 *
 * A stay is settled, and needs no entry, once its instance is known to be destroyed after the join.
 */
export class RoomInstances {
  /** The SIDs that were given to places since the entry was read. */
  readonly claims: Claim[] = []
  readonly #source: Source
  readonly #room: string
  readonly #sids: Map<string, string>
  readonly #atMs: number
  readonly #lastMs: number
  #creations: readonly Creation[]

  /** `atMs` is the latest moment of the payload; what is too old then is disregarded (see LOOK_BACK_MS). */
  constructor(source: Source, room: string, entry: RoomEntry | undefined, atMs: number) {
    const recent = entry !== undefined && entry.lastMs > atMs - LOOK_BACK_MS ? entry : undefined
    this.#source = source
    this.#room = room
    this.#atMs = atMs
    this.#creations = recent?.creations ?? []
    this.#sids = new Map(Object.entries(recent?.sids ?? {}))
    this.#lastMs = recent !== undefined && atMs <= recent.lastMs + LAST_WITHIN_MS ? recent.lastMs : atMs
  }

  /**
   * The instance that a stay is in. Where it gets its SID now and a later creation is known, it is superseded since that
   * creation.
   */
  place(
    joinedAtMs: number,
    participantSid: string,
  ): { stay: PlacedStay; supersededAtMs: number | undefined; ends: readonly InstanceEnd[] } {
    const creation = this.#lastCreation(joinedAtMs)
    const claimsBefore = this.claims.length
    const roomSid = this.#sidAt(placeOf(creation, joinedAtMs), participantSid)
    const isNew = this.claims.length > claimsBefore
    return {
      stay: { joinedAtMs, participantSid, roomSid, isSettled: isSettled(creation, joinedAtMs) },
      supersededAtMs: isNew ? this.#nextCreation(joinedAtMs)?.createdAtMs : undefined,
      ends: isNew && isAfter(creation, joinedAtMs) ? this.#endsAfter(creation) : [],
    }
  }

  /** True for a creation or a destruction that cannot move a stay to another instance, because the same is known. */
  isKnown({ createdAtMs, destroyedAtMs }: Creation): boolean {
    const before = this.#creationAt(createdAtMs)
    return before !== undefined && (destroyedAtMs === undefined || before.destroyedAtMs !== undefined)
  }

  /** Learns of a creation, or of a destruction, which repeats it. `stays` are those that are not settled, by join. */
  learn(told: Creation, stays: readonly StayEntry[]): Learned {
    const { createdAtMs } = told
    const before = this.#creationAt(createdAtMs)
    const creation = mergedCreation(before, told)
    const previous = this.#lastCreation(createdAtMs - 1)
    const next = this.#nextCreation(createdAtMs)
    const claimsBefore = this.claims.length
    const near = stays.filter(stay => isBetween(previous, stay.joinedAtMs, next))
    const firstUnknown = near.find(({ joinedAtMs }) => isAfter(previous, joinedAtMs))
    if (before === undefined && firstUnknown !== undefined && firstUnknown.joinedAtMs >= createdAtMs) {
      this.#moveSid(placeOf(previous, firstUnknown.joinedAtMs), placeOf(creation, firstUnknown.joinedAtMs))
    }
    this.#setCreation(creation)
    const own = near.filter(({ joinedAtMs }) => joinedAtMs >= createdAtMs)
    const placed = own.map(stay => ({
      ...stay,
      roomSid: this.#sidAt(placeOf(creation, stay.joinedAtMs), stay.participantSid),
      isSettled: isSettled(creation, stay.joinedAtMs),
    }))
    const roomSid = this.#sidAt(placeOf(creation, createdAtMs), '')
    const isNewest = before === undefined && next === undefined
    // An instance that only now gets its SID is over where a later creation is known.
    const late = next === undefined ? [] : this.claims.slice(claimsBefore).map(claim => claim.roomSid)
    const isEnded = creation.destroyedAtMs !== undefined
    return {
      roomSid,
      superseded: isNewest ? this.#openBefore(previous) : late.filter(sid => sid !== roomSid || !isEnded),
      supersededAtMs: next?.createdAtMs ?? createdAtMs,
      ends: this.#endsAfter(creation),
      stays: placed,
      moves: placed.flatMap((stay, index) => moveOf(own[index], stay)),
    }
  }

  /** The room SID of a stay that was placed before; undefined if that is not remembered. */
  roomSidAt(joinedAtMs: number): string | undefined {
    return this.#sids.get(placeOf(this.#lastCreation(joinedAtMs), joinedAtMs))
  }

  /**
   * What is to be remembered of the room: the creations that recent moments are placed by (those of the last
   * LOOK_BACK_MS and one before, no more than MAX_CREATIONS), and the SIDs of their places.
   */
  entry(): RoomEntry {
    const all = this.#creations
    const firstRecent = all.findLastIndex(({ createdAtMs }) => createdAtMs <= this.#atMs - LOOK_BACK_MS)
    const start = Math.max(0, firstRecent, all.length - MAX_CREATIONS)
    const creations = all.slice(start)
    const places = new Set(
      creations.flatMap(({ createdAtMs }) => [`at ${createdAtMs}`, `after ${createdAtMs}`]),
    )
    if (start === 0) places.add('after 0')
    const sids = Object.fromEntries([...this.#sids].filter(([place]) => places.has(place)))
    return { creations, sids, lastMs: this.#lastMs }
  }

  #creationAt(createdAtMs: number): Creation | undefined {
    return this.#creations.find(creation => creation.createdAtMs === createdAtMs)
  }

  #lastCreation(atMs: number): Creation | undefined {
    return this.#creations.findLast(({ createdAtMs }) => createdAtMs <= atMs)
  }

  #nextCreation(atMs: number): Creation | undefined {
    return this.#creations.find(({ createdAtMs }) => createdAtMs > atMs)
  }

  #setCreation(creation: Creation): void {
    const others = this.#creations.filter(({ createdAtMs }) => createdAtMs !== creation.createdAtMs)
    this.#creations = [...others, creation].sort((a, b) => a.createdAtMs - b.createdAtMs)
  }

  /** The SID of a place. The first sign of an instance, such as a stay, is part of what its SID is made of. */
  #sidAt(place: string, firstSign: string): string {
    const known = this.#sids.get(place)
    if (known !== undefined) return known
    const instance = `${this.#room} ${place} ${firstSign}`.trim()
    const roomSid = this.#source.sidOf(instance)
    this.#sids.set(place, roomSid)
    this.claims.push({ roomSid, instance })
    return roomSid
  }

  /** The ends of the unknown instance after a creation. */
  #endsAfter(creation: Creation | undefined): InstanceEnd[] {
    const roomSid = creation && this.#sids.get(`after ${creation.createdAtMs}`)
    if (roomSid === undefined) return []
    return (creation?.destroyedAgainMs ?? []).map(atMs => ({ roomSid, atMs }))
  }

  #moveSid(from: string, to: string): void {
    const roomSid = this.#sids.get(from)
    if (roomSid === undefined) return
    this.#sids.delete(from)
    this.#sids.set(to, roomSid)
  }

  /** The instances from a creation on whose end is not known. */
  #openBefore(creation: Creation | undefined): string[] {
    const isOpen = creation !== undefined && creation.destroyedAtMs === undefined
    const at = isOpen ? this.#sids.get(`at ${creation.createdAtMs}`) : undefined
    const after = this.#sids.get(`after ${creation?.createdAtMs ?? 0}`)
    return [at, after].filter(sid => sid !== undefined)
  }
}

/** The earliest destruction ends the instance, whichever is told first. */
function mergedCreation(before: Creation | undefined, told: Creation): Creation {
  const { createdAtMs } = told
  const all = [...new Set([before, told].flatMap(destructionsOf))].sort((a, b) => a - b)
  const [destroyedAtMs, ...again] = all
  if (again.length === 0) return { createdAtMs, destroyedAtMs }
  return { createdAtMs, destroyedAtMs, destroyedAgainMs: again.slice(-MAX_DESTRUCTIONS) }
}

function destructionsOf(creation: Creation | undefined): number[] {
  if (creation?.destroyedAtMs === undefined) return []
  return [creation.destroyedAtMs, ...(creation.destroyedAgainMs ?? [])]
}

function moveOf(
  from: StayEntry | undefined,
  { participantSid, joinedAtMs: atMs, roomSid }: StayEntry,
): Move[] {
  if (from === undefined || from.roomSid === roomSid) return []
  return [{ participantSid, fromRoomSid: from.roomSid, toRoomSid: roomSid, atMs }]
}

function isBetween(previous: Creation | undefined, atMs: number, next: Creation | undefined): boolean {
  return atMs >= (previous?.createdAtMs ?? 0) && atMs < (next?.createdAtMs ?? END_OF_TIME_MS)
}

function placeOf(creation: Creation | undefined, atMs: number): string {
  return `${isAfter(creation, atMs) ? 'after' : 'at'} ${creation?.createdAtMs ?? 0}`
}

/** True for a moment in the unknown instance after a creation. */
function isAfter(creation: Creation | undefined, atMs: number): boolean {
  return creation === undefined || (creation.destroyedAtMs ?? END_OF_TIME_MS) < atMs
}

/** Moments are whole seconds: in the second in which one instance was destroyed, another may have been created. */
function isSettled(creation: Creation | undefined, joinedAtMs: number): boolean {
  return creation?.destroyedAtMs !== undefined && joinedAtMs < creation.destroyedAtMs
}

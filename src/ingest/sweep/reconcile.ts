import type { Event } from '../../event.ts'
import type { Feed } from '../../feeds/feed.ts'
import type { Json } from '../../feeds/json.ts'
import { NO_MEMORY } from '../../feeds/memory.ts'
import type { Payload } from '../../feeds/payload.ts'
import type { Snapshot, SnapshotServer } from '../../feeds/snapshot.ts'
import { withoutSecrets } from '../../secrets.ts'
import type { FeedRow } from '../../store/feeds/feeds.ts'
import type { KnownParticipant, KnownRoom } from '../../store/rooms/open-stays.ts'
import type { Store } from '../../store/store.ts'
import type { ApplyQueue } from '../apply-queue.ts'
import { sourceOf } from '../reduce-payloads.ts'

/** A room or participant with a sign within this time may not be in the server's list yet. */
const YOUNG_MS = 30_000
/** A room or participant that was not listed for this long has ended, so that its entry is not needed. */
const FORGET_LISTED_AFTER_MS = 10 * 60_000

/** Compares the rooms and stays in progress with the list of the feed's media server, and applies what differs. */
export interface Reconciliation {
  /** Resolves to the number of events that were appended. Rejects if the server does not answer. */
  run(): Promise<number>
}

interface News {
  readonly payloads: Payload[]
  readonly observations: { readonly event: Event; readonly native: string }[]
}

/**
 * The reconciliation of one feed. It remembers from one run to the next when each room and participant was last listed,
 * and forgets that after FORGET_LISTED_AFTER_MS. It also uses the time of the last comparison of any process.
 */
export function reconciliation(options: {
  store: Store
  queue: ApplyQueue
  feed: Feed
  snapshot: Snapshot
  server: SnapshotServer
  row: FeedRow
  clock: () => number
}): Reconciliation {
  const { store, queue, feed, snapshot, server, row, clock } = options
  const { accountSid, feedId } = row
  const lastListedMs = new Map<string, number>()
  let comparedAtMs: number | undefined

  /**
   * When a room or stay was last listed. If it was in progress at the last comparison and not absent, it was listed.
   */
  function lastListed(sid: string, seenMs: number, absences: readonly unknown[] = []): number | undefined {
    const wasCompared = comparedAtMs !== undefined && seenMs <= comparedAtMs - YOUNG_MS
    return lastListedMs.get(sid) ?? (wasCompared && absences.length === 0 ? comparedAtMs : undefined)
  }

  async function apply({ payloads, observations }: News): Promise<number> {
    if (payloads.length + observations.length === 0) return 0
    const from = { accountSid, feedId, feedKind: row.kind, receivedAtMs: clock() }
    return (await queue.apply({ ...from, payloads, observations })).added
  }

  /** The SID of a listed room, which is that of the event that its payload leads to. */
  async function sidOf(listed: Json, atMs: number): Promise<string | undefined> {
    const { events } = await feed.reduce(snapshot.roomPayload(listed, atMs), NO_MEMORY, sourceOf(row))
    return events[0]?.roomSid
  }

  async function compareRoom(listed: Json, sid: string, atMs: number): Promise<number> {
    const room = snapshot.readRoom(listed)
    if (room === undefined) return 0
    const known = await store.open.room(accountSid, sid)
    // A stated end stands, because the list may lag behind.
    if (known !== undefined && !known.isOpen && known.state.ends !== undefined) return 0
    const news: News = { payloads: [], observations: [] }
    if (known === undefined) news.payloads.push(snapshot.roomPayload(listed, atMs))
    if (known !== undefined && !known.isOpen) news.observations.push(ofOurs(presentRoom(known, atMs), listed))
    lastListedMs.set(sid, atMs)
    const here = await store.open.participants(accountSid, sid)
    const open = here.filter(({ isOpen }) => isOpen)
    const counted = open.filter(
      ({ state }) => !snapshot.uncountedKinds.includes(state.kind?.value ?? 'person'),
    )
    const isUnsure = open.some(({ state }) => (state.absences ?? []).length > 0)
    if (counted.length !== room.participants || isUnsure) {
      const there = await server.listParticipants(room.name, clock())
      compareParticipants({ room: listed, sid, here, there, atMs: clock() }, news)
    } else {
      for (const { participantSid } of open) lastListedMs.set(participantSid, atMs)
    }
    return await apply(news)
  }

  function compareParticipants(
    found: {
      room: Json
      sid: string
      here: readonly KnownParticipant[]
      there: readonly Json[]
      atMs: number
    },
    { payloads, observations }: News,
  ): void {
    const { room, sid, here, there, atMs } = found
    const byNativeKey = new Map(here.map(one => [one.state.nativeKey, one]))
    const listed = there.map(participant => ({ participant, ...snapshot.readParticipant(participant) }))
    for (const { participant, nativeKey } of listed.filter(({ isActive }) => isActive)) {
      const known = byNativeKey.get(nativeKey)
      if (known === undefined) {
        payloads.push(snapshot.participantPayload(room, participant, atMs))
      } else if (!known.leaveStated) {
        const wasMissed = !known.isOpen || (known.state.absences ?? []).length > 0
        if (wasMissed) observations.push(ofOurs(presentParticipant(sid, known, atMs), participant))
        lastListedMs.set(known.participantSid, atMs)
      }
    }
    const nativeKeys = new Set(listed.map(({ nativeKey }) => nativeKey))
    for (const one of here) {
      if (!one.isOpen || nativeKeys.has(one.state.nativeKey) || one.seenMs > atMs - YOUNG_MS) continue
      const lastSignMs = lastListed(one.participantSid, one.seenMs, one.state.absences)
      observations.push(ofOurs(absentParticipant(sid, one, atMs, lastSignMs), { listed: [...nativeKeys] }))
    }
  }

  return {
    async run() {
      comparedAtMs = await store.uptime.comparedAt(feedId)
      const listed = await server.listRooms(clock())
      const atMs = clock()
      let appended = 0
      const sids = new Set<string>()
      for (const room of listed) {
        const sid = await sidOf(room, atMs)
        if (sid === undefined) continue
        sids.add(sid)
        appended += await compareRoom(room, sid, atMs)
      }
      for (const room of await store.open.openRooms(accountSid, feedId)) {
        if (sids.has(room.roomSid) || room.seenMs > atMs - YOUNG_MS) continue
        const lastSignMs = lastListed(room.roomSid, room.seenMs, room.state.absences)
        const observation = ofOurs(absentRoom(room, atMs, lastSignMs), { listed: listed.length })
        appended += await apply({ payloads: [], observations: [observation] })
      }
      for (const [sid, listedMs] of lastListedMs) {
        if (atMs - listedMs > FORGET_LISTED_AFTER_MS) lastListedMs.delete(sid)
      }
      await store.uptime.noteCompared(feedId, atMs)
      return appended
    },
  }
}

function ofOurs(event: Event, native: unknown): News['observations'][number] {
  return { event, native: JSON.stringify(withoutSecrets(native)) }
}

function presentRoom({ roomSid }: KnownRoom, atMs: number): Event {
  return { kind: 'room.updated', key: `present|${roomSid}|${atMs}`, atMs, roomSid, room: {} }
}

function presentParticipant(roomSid: string, { participantSid }: KnownParticipant, atMs: number): Event {
  const key = `present|${participantSid}|${atMs}`
  return { kind: 'participant.updated', key, atMs, roomSid, room: {}, participantSid, participant: {} }
}

function absentParticipant(
  roomSid: string,
  { participantSid }: KnownParticipant,
  atMs: number,
  lastSignMs: number | undefined,
): Event {
  return {
    kind: 'observation.participant_absent',
    key: `absent|${participantSid}|${atMs}`,
    ...{ atMs, roomSid, room: {}, participantSid, participant: {} },
    ...(lastSignMs === undefined ? {} : { lastSignMs }),
  }
}

function absentRoom({ roomSid }: KnownRoom, atMs: number, lastSignMs: number | undefined): Event {
  return {
    kind: 'observation.room_absent',
    key: `absent|${roomSid}|${atMs}`,
    ...{ atMs, roomSid, room: {} },
    ...(lastSignMs === undefined ? {} : { lastSignMs }),
  }
}

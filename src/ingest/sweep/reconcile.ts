import type { Feed } from '../../feeds/feed.ts'
import type { Json } from '../../feeds/json.ts'
import { NO_MEMORY } from '../../feeds/memory.ts'
import type { ListedRoom, Snapshot, SnapshotServer } from '../../feeds/snapshot.ts'
import { roomEndOf } from '../../fold/room.ts'
import type { FeedRow } from '../../store/feeds/feeds.ts'
import type { ListedRoomRow } from '../../store/feeds/listed-rooms.ts'
import type { FoundRoom, KnownRoom } from '../../store/rooms/open-stays.ts'
import type { Store } from '../../store/store.ts'
import type { ApplyQueue } from '../apply-queue.ts'
import { sourceOf } from '../reduce-payloads.ts'
import { type AskableRoom, askRooms } from './ask-rooms.ts'
import { absentRoom, differences, type News, presentRoom, wasMissed, YOUNG_MS } from './differences.ts'
import { inGroups } from './in-groups.ts'
import { pagesOf } from './pages-of.ts'
import { listeningWindow } from './silence.ts'

/** How long a room of the feed that no list ever had may be silent. Another server may have the same key. */
const UNLISTED_SILENT_MS = 24 * 3_600_000

/** Compares the rooms and stays in progress with the list of the feed's media server, and applies what differs. */
export interface Reconciliation {
  /**
   * Resolves to the number of events that were appended. Rejects if the server does not answer, and, once all other
   * rooms are compared, if some could not be.
   */
  run(): Promise<number>
}

/** A room of the server's list. */
interface Listed extends ListedRoom {
  readonly roomSid: string
  readonly json: Json
}

/** What the reconciliation of one feed works with. */
export interface ReconciliationOptions {
  readonly store: Store
  readonly queue: ApplyQueue
  readonly feed: Feed
  readonly snapshot: Snapshot
  readonly server: SnapshotServer
  readonly row: FeedRow
  readonly clock: () => number
}

/** The reconciliation of one feed. All that one run leaves to the next is in the store. */
export function reconciliation(options: ReconciliationOptions): Reconciliation {
  const { store, snapshot, server, row, clock } = options
  const { accountSid, feedId } = row
  return {
    async run() {
      const news = newsOf(options)
      const rooms = await compareRooms(options, news)
      await askRooms({
        ...{ rooms, snapshot, server, clock, onFault: news.onFault },
        async compare({ roomSid, json: room }, { participants, atMs }) {
          // Read after the answer, so that those who joined in between have a sign that is too young to be absent.
          const here = await store.open.participants(accountSid, roomSid)
          const before = await store.listed.people(feedId, roomSid)
          const found = differences(snapshot, { roomSid, room, participants, atMs }, here, before)
          await news.apply(found)
          // A second list is to confirm an absence soon.
          const askedAtMs = found.hasAbsence ? 0 : atMs
          return { roomSid, askedAtMs, people: { atMs, nativeKeys: found.nativeKeys } }
        },
        note: asked => store.listed.noteAsked(feedId, asked),
      })
      news.throwFaults()
      return news.appended
    },
  }
}

/** Applies news, and counts what was appended and what failed. */
function newsOf({ queue, row: { accountSid, feedId, kind: feedKind }, clock }: ReconciliationOptions) {
  let appended = 0
  let faults = 0
  let first: unknown

  async function apply({ payloads, observations }: News): Promise<void> {
    if (payloads.length + observations.length === 0) return
    const from = { accountSid, feedId, feedKind, receivedAtMs: clock() }
    appended += (await queue.apply({ ...from, payloads, observations })).added
  }

  function onFault(error: unknown): void {
    first ??= error
    faults++
  }

  return {
    apply,
    onFault,
    /** Applies the news of each room for itself. */
    applyEach: (all: readonly News[]) => inGroups(all, one => apply(one).catch(onFault)),
    /** Throws one error for all that failed. */
    throwFaults(): void {
      if (faults === 0) return
      const reason = first instanceof Error ? first.message : String(first)
      const what = `${faults} ${faults === 1 ? 'room' : 'rooms'} of feed ${feedId} could not be compared`
      throw new Error(`${what}: ${reason}`, { cause: first })
    },
    get appended() {
      return appended
    },
  }
}

/** Compares the server's list of rooms with those in progress. Resolves to the rooms whose participants can be asked for. */
async function compareRooms(
  options: ReconciliationOptions,
  news: ReturnType<typeof newsOf>,
): Promise<AskableRoom[]> {
  const { store, snapshot, row, clock } = options
  const { accountSid, feedId, kind } = row
  const atMs = clock()
  const listed = await listedRooms(options, atMs)
  const rows = await listedRows(store, feedId)
  const comparedAtMs = await store.uptime.comparedAt(feedId)
  const provesAbsence = absenceProof(options, atMs)
  /** How many people are in each room that is listed and that is not over. */
  const people = new Map<string, number>()
  for await (const page of pagesOf((after?: FoundRoom) => store.open.openRooms(kind, accountSid, after))) {
    const found: News[] = []
    for (const room of page) {
      const { roomSid } = room
      const entry = listed.get(roomSid)
      const known = rows.get(roomSid)
      if (entry !== undefined) {
        people.set(roomSid, room.people)
        if (wasMissed(room)) found.push(presentRoom(roomSid, atMs, entry.json))
      } else if (room.seenMs <= atMs - YOUNG_MS && (await provesAbsence(room, known))) {
        // The last comparison found the room in the list, unless it is noted as missing.
        const wasListed = known !== undefined && known.missingSinceMs === undefined
        found.push(absentRoom(roomSid, atMs, wasListed ? comparedAtMs : undefined, listed.size))
      }
    }
    await news.applyEach(found)
  }
  const found: News[] = []
  for (const { roomSid, json } of listed.values()) {
    if (people.has(roomSid)) continue
    const known = await store.open.room(accountSid, roomSid)
    // A stated end stands, because the list may lag behind.
    if (known !== undefined && roomEndOf(known.state)?.inferred === false) continue
    people.set(roomSid, known?.people ?? 0)
    if (known !== undefined) found.push(presentRoom(roomSid, atMs, json))
    else found.push({ payloads: [snapshot.roomPayload(json, atMs)], observations: [] })
  }
  await news.applyEach(found)
  await store.listed.noteRooms(feedId, { atMs, ...changeOf(listed, rows) })
  await store.uptime.noteCompared(feedId, atMs)
  return [...listed.values()].flatMap(room => {
    const known = people.get(room.roomSid)
    if (known === undefined) return []
    const askedAtMs = rows.get(room.roomSid)?.askedAtMs ?? 0
    return { ...room, askedAtMs, differs: known !== room.participants }
  })
}

/** The server's list of rooms, by our SIDs. */
async function listedRooms(
  { feed, snapshot, server, row }: ReconciliationOptions,
  atMs: number,
): Promise<Map<string, Listed>> {
  const rooms = new Map<string, Listed>()
  for (const json of await server.listRooms(atMs)) {
    const room = snapshot.readRoom(json)
    // The SID of a listed room is that of the event that its payload leads to.
    const { events } = await feed.reduce(snapshot.roomPayload(json, atMs), NO_MEMORY, sourceOf(row))
    const roomSid = events[0]?.roomSid
    if (room !== undefined && roomSid !== undefined) rooms.set(roomSid, { ...room, roomSid, json })
  }
  return rooms
}

/** What earlier lists had, by room. Bounded by the rooms that the server had within a day. */
async function listedRows(store: Store, feedId: string): Promise<Map<string, ListedRoomRow>> {
  const rows = new Map<string, ListedRoomRow>()
  for await (const page of pagesOf((after?: ListedRoomRow) => store.listed.page(feedId, after))) {
    for (const one of page) rows.set(one.roomSid, one)
  }
  return rows
}

/**
 * Says whether a room is absent because the list lacks it. A list proves that only of a room that it had before:
 * another server may sign with the same key. A room of this feed that no list had is absent after a long silence.
 */
function absenceProof(
  { store, row: { feedId } }: ReconciliationOptions,
  nowMs: number,
): (room: KnownRoom, row: ListedRoomRow | undefined) => Promise<boolean> {
  const listening = async () =>
    listeningWindow(nowMs, (await store.uptime.heard()).get(feedId), await store.uptime.since(0))
  let window: ReturnType<typeof listening> | undefined
  return async (room, known) => {
    if (known !== undefined) return true
    if (room.feedId !== feedId || room.seenMs > nowMs - UNLISTED_SILENT_MS) return false
    window ??= listening()
    return (await window).wasHeard(room.seenMs, UNLISTED_SILENT_MS)
  }
}

function changeOf(listed: ReadonlyMap<string, Listed>, rows: ReadonlyMap<string, ListedRoomRow>) {
  const isNoted = (roomSid: string) => rows.has(roomSid) && rows.get(roomSid)?.missingSinceMs === undefined
  return {
    listed: [...listed.keys()].filter(roomSid => !isNoted(roomSid)),
    missing: [...rows.keys()].filter(roomSid => isNoted(roomSid) && !listed.has(roomSid)),
  }
}

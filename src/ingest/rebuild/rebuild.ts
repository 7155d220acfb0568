import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Feed } from '../../feeds/feed.ts'
import type { RecordSettings } from '../../fold/participant-record.ts'
import type { Database } from '../../store/engine/database.ts'
import { openDatabase } from '../../store/open-store.ts'
import type { RoomKey } from '../../store/rooms/room-key.ts'
import { type RoomsOfParticipants, roomsOfParticipants } from '../../store/rooms/rooms-of-participants.ts'
import { createStore, type Store, type Transaction } from '../../store/store.ts'
import { refoldRoom } from '../fold-into-room.ts'
import { recordSettings } from '../record-settings.ts'
import { copiedTo } from '../relocate.ts'
import { applyAgain } from './reduce-again.ts'
import { reduceUnrecognized } from './reduce-unrecognized.ts'
import { replayLog } from './replay-log.ts'
import { type LateMove, rewriteRoom } from './rewrite-room.ts'
import { leaveStray, type Stray } from './strays.ts'

/** What a rebuild did. */
export interface Rebuilt {
  /** The number of rooms that were rebuilt. */
  readonly rooms: number
  /** False if it was stopped. The rooms that were rebuilt stay so, and another rebuild does the rest. */
  readonly isWhole: boolean
}

/**
 * Reduces every stored payload again, in the order in which they came, and folds every room again. Each room is written
 * in one transaction, so that no answer shows a room without its participants. Every SID that was given out stays
 * valid. The logs of feeds with memory are reduced into a scratch database in a temporary folder, which is removed at
 * the end.
 */
export async function rebuild(options: {
  store: Store
  feeds: readonly Feed[]
  settings: RecordSettings
  progress: (done: number, rooms: number) => void
  stop?: AbortSignal
}): Promise<Rebuilt> {
  const { store, progress, stop = new AbortController().signal } = options
  const settings = recordSettings(options.settings, options.feeds)
  const feeds = new Map(options.feeds.map(feed => [feed.kind, feed]))
  return await withScratch(async (scratch, database) => {
    const lastSeqs = await reduceLogs(store, scratch, feeds, settings, stop)
    const places = await roomsOfParticipants(database)
    const all = await countRooms(stop, store, scratch)
    let rooms = 0
    const written = { upTo: '', ahead: new Set<string>() }
    for await (const key of everyRoom(store, scratch)) {
      if (stop.aborted) return { rooms, isWhole: false }
      if (!written.ahead.has(textOf(key))) {
        await rebuildRoom({ store, scratch, places, feeds, settings, lastSeqs, written }, key)
      }
      written.upTo = textOf(key)
      written.ahead.delete(written.upTo)
      rooms++
      progress(rooms, Math.max(all, rooms))
    }
    return { rooms, isWhole: !stop.aborted }
  })
}

/** Runs `work` over a scratch database in a temporary folder, and removes the folder at the end. */
async function withScratch<T>(work: (scratch: Store, database: Database) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-rebuild-'))
  try {
    const database = openDatabase(folder)
    try {
      return await work(await createStore(database), database)
    } finally {
      await database.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Rebuilding {
  readonly store: Store
  readonly scratch: Store
  readonly places: RoomsOfParticipants
  readonly feeds: ReadonlyMap<string, Feed>
  readonly settings: RecordSettings
  readonly lastSeqs: ReadonlyMap<string, number>
  /** The rooms that are rewritten: all whose keys are not after `upTo`, and rooms that others had to wait for. */
  readonly written: { upTo: string; readonly ahead: Set<string> }
}

/**
 * Reduces the logs of all feeds again. Resolves to the last place that was reduced, by the id of the feed with memory.
 */
async function reduceLogs(
  store: Store,
  scratch: Store,
  feeds: ReadonlyMap<string, Feed>,
  settings: RecordSettings,
  stop: AbortSignal,
): Promise<Map<string, number>> {
  const lastSeqs = new Map<string, number>()
  const kinds = new Map((await store.feeds.list()).map(({ feedId, kind }) => [feedId, kind]))
  for (
    let page = await store.payloads.feeds();
    page.length > 0;
    page = await store.payloads.feeds(page.at(-1))
  ) {
    for (const key of page) {
      // Rows of schema 3 and before do not name the kind of their feed.
      const feed = feeds.get(key.feedKind || (kinds.get(key.feedId) ?? ''))
      if (feed === undefined || stop.aborted) continue
      if (feed.hasMemory) lastSeqs.set(key.feedId, await replayLog({ store, scratch, feed, key, stop }))
      else await reduceUnrecognized({ store, feed, key, settings, stop })
    }
  }
  return lastSeqs
}

async function rebuildRoom(rebuilding: Rebuilding, key: RoomKey): Promise<void> {
  const { store, scratch, places, feeds, settings, lastSeqs, written } = rebuilding
  written.ahead.add(textOf(key))
  const isWritten = (roomSid: string) => {
    const text = textOf({ ...key, roomSid })
    return text <= written.upTo || written.ahead.has(text)
  }
  const roomsOf = (sids: readonly string[]) => places.find(key.accountSid, sids)
  const { before, strays, keepsStrays, moves } = await store.transact(async transaction => {
    const room = await transaction.lockRoom(key)
    const replayed = await scratch.transact(async copy => (await copy.lockRoom(key)).events())
    const done = await rewriteRoom(room, { feeds, lastSeqs, replayed, roomsOf, isWritten })
    if (done.before.size === 0) await refoldRoom(room, settings)
    return done
  }, key.roomSid)
  for (const roomSid of before) await rebuildRoom(rebuilding, { ...key, roomSid })
  if (before.size > 0) return await rebuildRoom(rebuilding, key)
  for (const stray of strays) await applyStray(rebuilding, key, stray, keepsStrays)
  for (const move of moves) {
    const isNew = await scratch.transact(copy => copyStay(copy, key, move))
    if (isNew) await rebuildRoom(rebuilding, { ...key, roomSid: move.toRoomSid })
  }
}

/** Copies the replayed events of a stay into the room that it was relocated to; false if they are all there already. */
async function copyStay(copy: Transaction, key: RoomKey, move: LateMove): Promise<boolean> {
  const { participantSid, toRoomSid, seq } = move
  const told = await (await copy.lockRoom(key)).events([participantSid])
  const to = await copy.lockRoom({ ...key, roomSid: toRoomSid })
  const outcomes = await to.append(told.map(logged => copiedTo(toRoomSid, logged, seq)))
  return outcomes.includes('added')
}

/**
 * Applies a payload to the rooms that it leads to, or keeps it in the log of its feed if it leads to none. Its events are
 * removed from the room in which they were, unless they stay there.
 */
async function applyStray(
  { store, feeds, settings }: Rebuilding,
  key: RoomKey,
  stray: Stray,
  stays: boolean,
): Promise<void> {
  const { holder, reduced } = stray
  const feed = feeds.get(holder.feedKind)
  if (feed === undefined || (stays && reduced.events.length === 0)) return
  const { feedId, receivedAtMs } = holder
  const source = { accountSid: key.accountSid, feedId, feed, receivedAtMs }
  const roomSids = new Set([key.roomSid, ...reduced.events.map(event => event.roomSid)])
  await store.transact(async transaction => {
    for (const roomSid of [...roomSids].sort()) await transaction.lockRoom({ ...key, roomSid })
    const room = await transaction.lockRoom(key)
    await leaveStray(room, stray, stays)
    await applyAgain(transaction, source, stray, settings)
    await refoldRoom(room, settings)
  })
}

/** The rooms of all stores in the order of their keys, each once. Memory holds one page of each store. */
async function* everyRoom(...stores: readonly Store[]): AsyncGenerator<RoomKey> {
  const walks = stores.map((store): Walk => ({ store, page: [], after: undefined, isDone: false }))
  for (;;) {
    for (const walk of walks) {
      if (walk.page.length > 0 || walk.isDone) continue
      // SQLite reads without a turn of the event loop, and a signal to stop comes only with one.
      await nextTurn()
      walk.page = await walk.store.records.roomKeys(walk.after)
      walk.after = walk.page.at(-1)
      walk.isDone = walk.page.length === 0
    }
    const [next] = walks
      .flatMap(({ page }) => page.slice(0, 1))
      .sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
    if (next === undefined) return
    for (const { page } of walks) if (page[0] !== undefined && textOf(page[0]) === textOf(next)) page.shift()
    yield next
  }
}

/** The position in the list of the rooms of one store. */
interface Walk {
  readonly store: Store
  page: RoomKey[]
  after: RoomKey | undefined
  isDone: boolean
}

async function countRooms(stop: AbortSignal, ...stores: readonly Store[]): Promise<number> {
  let rooms = 0
  for await (const _ of everyRoom(...stores)) {
    if (stop.aborted) break
    rooms++
  }
  return rooms
}

function textOf({ accountSid, roomSid }: RoomKey): string {
  return `${accountSid} ${roomSid}`
}

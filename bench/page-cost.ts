import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listParticipants } from '../src/api/participants.ts'
import { fetchRoom, listRooms } from '../src/api/rooms.ts'
import type { Event } from '../src/event.ts'
import type { Operation } from '../src/http/operation.ts'
import { participantSid, roomSid } from '../src/sid.ts'
import { openStore } from '../src/store/open-store.ts'
import { applyEvents } from '../test/support/queue-of.ts'

/**
 * Measures pages: the last page of a long list may take at most LIMIT_RATIO times the time of the first, and so may one
 * room that a filter finds among ROOMS, compared with one among FEW_ROOMS.
 */
const ROWS = 100_000
const ROOMS = ROWS
const FEW_ROOMS = 1_000
const BATCH = 1_000
const REPEATS = 41
const LIMIT_RATIO = 2
/** The end of the default list reads the rooms that ended in the last 24 hours, however many older rooms there are. */
const WINDOW_LIMIT_RATIO = 6

const accountSid = `AC${'a1'.repeat(16)}`
const smallAccountSid = `AC${'b2'.repeat(16)}`
const startMs = Date.UTC(2026, 0, 1)
const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-'))
const store = await openStore(folder)
const RARE_ROOM = { name: 'rare', type: 'go' as const, codecs: ['H264' as const] }
const RARE = [
  ['a rare type', { RoomType: 'go' }],
  ['a rare codec', { Codec: 'H264' }],
  ['a rare name', { RoomName: 'rare' }],
  ['a rare type and a rare codec', { RoomType: 'go', Codec: 'H264' }],
  ['a rare name and a common type', { RoomName: 'rare', RoomType: 'go' }],
] as const
/** A time at which most rooms ended more than 24 hours ago. */
const clock = () => startMs + 1.8 * ROWS * 1000

try {
  const big = roomSid(accountSid, 'events', 'big')
  await fill(index => ({
    kind: 'participant.joined',
    key: `join-${index}`,
    atMs: startMs + index * 1000,
    roomSid: big,
    room: { name: 'big', startedAtMs: startMs },
    participantSid: participantSid(big, String(index)),
    participant: { identity: `person-${index}`, nativeKey: String(index) },
  }))
  await fill(index => ({
    kind: index % 2 === 0 ? 'room.started' : 'room.ended',
    key: `room-${index}`,
    atMs: startMs + index * 1000,
    roomSid: roomSid(accountSid, 'events', `room-${index >> 1}`),
    room: { name: `room-${index >> 1}` },
  }))
  const { unique_participants: counted } = JSON.parse(await run(fetchRoom, { RoomSid: big }, {}))
  assert.equal(counted, ROWS)

  await fillRooms(smallAccountSid, FEW_ROOMS)
  await fillRooms(accountSid, ROOMS)

  const lists = [
    ['participants of one room', listParticipants, { RoomSid: big }, {}, LIMIT_RATIO],
    ['rooms by date', listRooms, {}, { CreatedAfter: '2026-01-01' }, LIMIT_RATIO],
    ['rooms of the last 24 hours', listRooms, {}, {}, WINDOW_LIMIT_RATIO],
  ] as const
  let failed = 0
  for (const [what, operation, params, query, limit] of lists) {
    const ratio = await measure(operation, params, { ...query, PageSize: '50' })
    if (ratio > limit) failed++
    console.log(`${what}: the last page takes ${ratio.toFixed(2)} of the time of the first (limit ${limit})`)
  }
  for (const [what, query] of RARE) {
    const ratio = await compareRare(query)
    if (ratio > LIMIT_RATIO) failed++
    console.log(
      `one room with ${what}: among ${ROOMS} rooms ${ratio.toFixed(2)} of the time as among ${FEW_ROOMS}`,
    )
  }
  const measured = lists.length + RARE.length
  console.log(`${measured - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
} finally {
  await store.close()
  await rm(folder, { recursive: true, force: true })
}

/** Rooms of one type and codec, and among them one of another type, with another codec, and with a name of its own. */
async function fillRooms(account: string, count: number): Promise<void> {
  const rareAt = count >> 1
  const from = { accountSid: account, feedId: 'FR', feedKind: 'events', receivedAtMs: startMs }
  for (let first = 0; first < count; first += BATCH) {
    const events = Array.from({ length: BATCH }, (_, offset): Event => {
      const index = first + offset
      const facts =
        index === rareAt ? RARE_ROOM : { name: 'common', type: 'group' as const, codecs: ['VP8' as const] }
      const sid = roomSid(account, 'events', `typed-${index}`)
      return {
        kind: 'room.ended',
        key: `typed-${index}`,
        atMs: startMs + index,
        roomSid: sid,
        room: { ...facts },
      }
    })
    await applyEvents(store, from, events)
  }
}

/** The ratio of the median times in which the big and the small account find their rare room. */
async function compareRare(query: Record<string, string>): Promise<number> {
  const asked = { CreatedAfter: '2026-01-01', PageSize: '50', ...query }
  const times: [number[], number[]] = [[], []]
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [index, account] of [smallAccountSid, accountSid].entries()) {
      const begunMs = performance.now()
      const { rooms } = JSON.parse(await run(listRooms, {}, asked, account))
      times[index]?.push(performance.now() - begunMs)
      assert.equal(rooms.length, 1)
    }
  }
  const [few, many] = times.map(median)
  return (many ?? 0) / (few ?? 1)
}

async function fill(eventOf: (index: number) => Event): Promise<void> {
  for (let from = 0; from < ROWS; from += BATCH) {
    const events = Array.from({ length: BATCH }, (_, offset) => eventOf(from + offset))
    await applyEvents(store, { accountSid, feedId: 'FD', feedKind: 'events', receivedAtMs: startMs }, events)
  }
}

async function run(
  operation: Operation,
  params: Record<string, string>,
  query: Record<string, string>,
  account = accountSid,
): Promise<string> {
  const request = { accountSid: account, baseUrl: 'http://127.0.0.1', params, query, body: Buffer.alloc(0) }
  return String(await operation.run({ store, clock }, request))
}

/** Reads the first and the last page in turn. Resolves to the ratio of their median times. */
async function measure(
  operation: Operation,
  params: Record<string, string>,
  query: Record<string, string>,
): Promise<number> {
  const far = await lastPage(
    operation,
    params,
    await lastPage(operation, params, { ...query, PageSize: '1000' }),
    '50',
  )
  const times: [number[], number[]] = [[], []]
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [index, asked] of [query, far].entries()) {
      const begunMs = performance.now()
      await run(operation, params, asked)
      times[index]?.push(performance.now() - begunMs)
    }
  }
  const [near, distant] = times.map(median)
  return (distant ?? 0) / (near ?? 1)
}

/** The query of the last page, found by following the pages from a page on. */
async function lastPage(
  operation: Operation,
  params: Record<string, string>,
  from: Record<string, string>,
  pageSize = from['PageSize'] ?? '50',
): Promise<Record<string, string>> {
  let last: Record<string, string> = { ...from, PageSize: pageSize }
  for (;;) {
    const { meta } = JSON.parse(await run(operation, params, last))
    if (meta.next_page_url === null) return last
    last = Object.fromEntries(new URL(meta.next_page_url).searchParams)
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

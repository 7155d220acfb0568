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

/** Measures pages: the last page of a long list may take at most LIMIT_RATIO times the time of the first. */
const ROWS = 100_000
const BATCH = 1_000
const REPEATS = 41
const LIMIT_RATIO = 2
/** The end of the default list reads the rooms that ended in the last 24 hours, however many older rooms there are. */
const WINDOW_LIMIT_RATIO = 6

const accountSid = `AC${'a1'.repeat(16)}`
const startMs = Date.UTC(2026, 0, 1)
const folder = await mkdtemp(join(tmpdir(), 'rollcall-bench-'))
const store = await openStore(folder)
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
  console.log(`${lists.length - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
} finally {
  await store.close()
  await rm(folder, { recursive: true, force: true })
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
): Promise<string> {
  const request = { accountSid, baseUrl: 'http://127.0.0.1', params, query, body: Buffer.alloc(0) }
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

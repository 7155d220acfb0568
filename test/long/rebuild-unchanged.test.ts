import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { livekit } from '../../src/feeds/livekit/index.ts'
import { rebuild } from '../../src/ingest/rebuild/rebuild.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { AFTER_RECORDING_MS, recording } from '../feeds/janus/recording.ts'
import { jitsiRoom, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { START_SEC } from '../feeds/jitsi/stories.ts'
import { assertNumbersAgree } from '../feeds/numbers.ts'
import { rowsOf, tell } from '../feeds/served.ts'
import { answersWithoutSids, ServedPaths } from '../feeds/sids.ts'
import { answersAndEvidence, feedsWith, serverOf } from '../ingest/server-of.ts'
import { loud, oneRoom } from '../ingest/wrong-feeds.ts'
import { tellAll } from '../store/every-feed.ts'
import { livekitRoom } from '../support/livekit.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { NOW_MS, type TestServer } from '../support/test-server.ts'

/** Half of the recording of a real Janus. */
const HALF = recording.length / 2

test('a rebuild without a mended feed changes no byte, and what comes later gives what it gives without a rebuild', async t => {
  const [quiet, server] = [await serverOf(t), await serverOf(t)]
  for (const one of [quiet, server]) {
    await tellAll(one)
    one.clock.nowMs = AFTER_RECORDING_MS
    await tellJanus(one, ...recording.slice(0, HALF).map(event => JSON.parse(event)))
  }
  const before = await allRows(server)
  assert.ok(before.length > 200, `${before.length} rows`)
  await rebuildAll(server.store)
  assert.deepEqual(await allRows(server), before)
  for (const one of [quiet, server]) {
    await tellJanus(one, ...recording.slice(HALF).map(event => JSON.parse(event)))
    await tellMore(one)
  }
  assert.deepEqual(await allRows(server), await allRows(quiet))
  assert.deepEqual(await answersAndEvidence(server), await answersAndEvidence(quiet))
})

/**
 * All that is stored of rooms and of what feeds remember, but for the entries that only transient payloads make, and for
 * the part of the peak that need not be counted again.
 */
async function allRows(server: TestServer): Promise<unknown[]> {
  const order = {
    events: 'account_sid, room_sid, feed_id, event_key',
    rooms: 'account_sid, room_sid',
    participants: 'account_sid, room_sid, participant_sid',
    feed_payloads: 'account_sid, feed_id, payload_key',
    feed_memory: 'account_sid, feed_id, memory_key',
  }
  const rows: unknown[] = []
  for (const [table, by] of Object.entries(order)) {
    const where = table === 'feed_memory' ? "where memory_key not like 'media|%'" : ''
    const found = await rowsOf(server, `select * from ${table} ${where} order by ${by}`)
    rows.push(
      ...found.map(row => ({ ...row, numbers: String(row['numbers']).replace(/,"settled":\{.*?\}/, '') })),
    )
  }
  return rows
}

/** Every feed goes on where `tellAll` left off. */
async function tellMore(server: TestServer): Promise<void> {
  const room = livekitRoom('x', NOW_MS - 3_600_000)
  await tell(server, { ...room.joined('cleo', NOW_MS - 3_590_000), id: 'EV_more' })
  const maths = jitsiRoom('maths')
  const ann = occupant('ann', START_SEC + 100, START_SEC + 120)
  await tellJitsi(server, maths.destroyed(START_SEC + 90, START_SEC + 130, [ann]))
  const lab = janus()
  const [, , dan] = [lab.person('ann'), lab.person('ben'), lab.person('dan')]
  await tellJanus(server, lab.leaving(100, 102), dan.comes(101))
}

/** The store, where a rebuild is stopped before its n-th transaction. */
function stoppedAt(store: Store, step: number, stop: AbortController): Store {
  let steps = 0
  return {
    ...store,
    async transact<T>(work: (transaction: Transaction) => Promise<T>, lane?: string) {
      if (++steps === step) stop.abort()
      return await store.transact(work, lane)
    },
  }
}

test('a rebuild by mended feeds that is stopped leaves answers that agree, and a later one finishes', async t => {
  const [right, server] = [await serverOf(t), await serverOf(t, [loud(livekit), oneRoom])]
  for (const one of [right, server]) await tellAll(one)
  const served = new ServedPaths()
  let stops = 0
  for (let isWhole = false; !isWhole; stops++) {
    const stop = new AbortController()
    const store = stoppedAt(server.store, stops + 1, stop)
    const options = { store, feeds: feedsWith([]), settings: readConfig({}, {}), progress: () => {} }
    isWhole = (await rebuild({ ...options, stop: stop.signal })).isWhole
    await served.check(server)
    await assertNumbersAgree(server)
  }
  assert.ok(stops > 5, `${stops} stops`)
  assert.deepEqual(await answersWithoutSids(server), await answersWithoutSids(right))
})

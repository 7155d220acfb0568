import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/store/open-store.ts'
import { newPostgres } from '../support/test-place.ts'
import { until } from '../support/until.ts'
import { type Serving, serveOver } from './serve-over.ts'
import { deadlocksOf, queryAt } from './watch.ts'

/** A trim comes every ten seconds: src/ingest/sweep/sweeper.ts. */
const TRIMMED_WITHIN_MS = 30_000
const OLD_LINES = 3_000
const SENT = 100
const KEPT = 100

test('the log of two processes that receive deliveries at once is trimmed by the one that sweeps', async t => {
  const { place, remove } = await newPostgres()
  t.after(remove)
  const store = await openStore(place)
  const old = Array.from({ length: OLD_LINES }, (_, index) => ({
    ...{ deliveryId: `0${index}`, receivedAtMs: 0, feedKind: 'janus', feedId: null, accountSid: null },
    ...{ httpStatus: 401, outcome: 'unauthentic', detail: '', events: 0, duplicates: 0 },
  }))
  await store.deliveries.add(old)
  await store.close()
  const servers = await Promise.all([serveOver(t, place), serveOver(t, place)])
  await Promise.all(servers.map(sendWrong))
  const count = async () => (await queryAt(place, 'select count(*)::int n from deliveries'))[0]?.['n']
  await until('the log to be trimmed', TRIMMED_WITHIN_MS, async () => (await count()) === KEPT || undefined)
  assert.equal(await deadlocksOf(place), 0)
  for (const server of servers) assert.equal(server.stderr(), '')
})

/** Sends deliveries with a wrong signature, which are logged and change nothing else. */
async function sendWrong({ url }: Serving): Promise<void> {
  for (let sent = 0; sent < SENT; sent++) {
    const { status } = await fetch(`${url}/feeds/livekit`, { method: 'POST', body: '{}' })
    assert.equal(status, 401)
  }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { janus } from '../../src/feeds/janus/index.ts'
import { applyQueue } from '../../src/ingest/apply-queue.ts'
import { receive } from '../../src/ingest/receive.ts'
import { JANUS_FEED, JANUS_TOKEN, janusServer } from '../feeds/janus/janus-server.ts'
import { recording } from '../feeds/janus/recording.ts'
import { rowsOf, servedRooms } from '../feeds/served.ts'

test('a payload that a fault of Rollcall keeps from being reduced is kept, and the others of its group are reduced', async t => {
  const server = await janusServer(t, Date.UTC(2027, 0, 1))
  const faults: unknown[] = []
  const faulty: Feed = {
    ...janus,
    async reduce(payload, memory, source) {
      if (payload.value['type'] === 2) throw new TypeError('a fault')
      return await janus.reduce(payload, memory, source)
    },
  }
  const body = Buffer.from(`[${recording.slice(1, 5).join(',')}]`)
  const { store } = server
  const onFault = (error: unknown) => void faults.push(error)
  const queue = applyQueue({ store, feeds: [faulty], settings: readConfig({}, {}), onFault })
  const clock = () => server.clock.nowMs
  const receiver = { store, queue, configuredFeeds: [JANUS_FEED], heard: new Map(), clock, onFault }
  const delivery = {
    method: 'POST',
    url: 'http://localhost',
    headers: {},
    params: { token: JANUS_TOKEN },
    body,
  }
  const outcome = await receive(receiver, faulty, delivery)
  assert.equal(outcome.outcome, 'stored')
  assert.deepEqual(faults.map(String), ['TypeError: a fault'])
  assert.deepEqual(
    (await rowsOf(server, "select reason from feed_payloads where reason like 'A fault%'")).map(
      row => row['reason'],
    ),
    ['A fault of Rollcall: the log of the server has the details.'],
  )
  assert.equal((await servedRooms(server)).length, 1)
  const again = await receive(receiver, faulty, delivery)
  assert.deepEqual([again.outcome, again.events, again.duplicates], ['stored', 0, 4])
})

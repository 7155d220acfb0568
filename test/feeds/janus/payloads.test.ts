import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW_MS } from '../../support/test-server.ts'
import { rowsOf } from '../served.ts'
import { type JanusEvent, janus, START_MS } from './janus-events.ts'
import { janusServer, post, tell } from './janus-server.ts'
import { staysToldBy } from './told.ts'

const KEPT = 'select reason, native from feed_payloads order by seq'

test('a timestamp may be in seconds, milliseconds, microseconds or nanoseconds; any other leads to no event', async t => {
  const moments: [unknown, string[]][] = [
    [START_MS / 1000, ['ann 11:00:00-']],
    [START_MS / 1000 + 0.25, ['ann 11:00:00-']],
    [START_MS, ['ann 11:00:00-']],
    [START_MS * 1000, ['ann 11:00:00-']],
    [START_MS * 1e6, ['ann 11:00:00-']],
    [String(START_MS * 1000), ['ann 11:00:00-']],
    ...[0, -1, 1, START_MS * 1e9, START_MS / 1e6, 'yesterday', null, {}, undefined].map(
      (moment): [unknown, string[]] => [moment, []],
    ),
  ]
  for (const [timestamp, stays] of moments) {
    const server = await janusServer(t)
    await tell(server, { ...janus().person('ann').joins(1), timestamp })
    assert.deepEqual(await staysToldBy(server), stays, String(timestamp))
    const [kept] = await rowsOf(server, KEPT)
    assert.equal(kept?.['reason'], stays.length > 0 ? '' : 'It names no moment')
  }
})

test('a payload of the future is kept and leads to no event, also once its time has come', async t => {
  const server = await janusServer(t)
  const ann = janus().person('ann')
  const inSec = (sec: number) => ann.joins((NOW_MS - START_MS) / 1000 + sec)
  await tell(server, inSec(301))
  assert.deepEqual(await staysToldBy(server), [])
  assert.match(String((await rowsOf(server, KEPT))[0]?.['reason']), /^It is of the future/)
  server.clock.nowMs += 600_000
  await tell(server, inSec(301))
  assert.deepEqual(await staysToldBy(server), [])
  await tell(server, ann.leaves((NOW_MS - START_MS) / 1000 + 899))
  assert.deepEqual(await staysToldBy(server), ['? -12:14:59'], 'less than five minutes ahead')
})

test('events of other plugins, and events that cannot be read, are kept with a reason and lead to no event', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const { from, id } = lab.person('ann')
  const inRoom = { room: 1234, id, display: 'ann' }
  const payloads: JanusEvent[] = [
    lab.plugin(1, { event: 'joined', ...inRoom }, from, 'janus.plugin.audiobridge'),
    lab.plugin(2, { event: 'left', ...inRoom }, from, 'janus.plugin.audiobridge'),
    lab.plugin(3, { event: 'leaving', ...inRoom }, {}, 'janus.plugin.textroom'),
    lab.plugin(4, { event: 'registered', username: 'sip:ann' }, from, 'janus.plugin.sip'),
    lab.plugin(5, { event: 'waved', ...inRoom }, from),
    lab.plugin(6, { event: 'joined', display: 'ann' }, from),
    lab.plugin(7, { event: 'joined', room: 1234 }, from),
    lab.plugin(8, { event: 'joined', room: { of: 1 }, id: [1] }, from),
    lab.event(9, 64, {}),
    lab.event(10, 64, { event: 'joined' }),
    lab.event(11, 4, { event: { schema: 'app.region', data: { region: 'eu' } } }),
    lab.event(12, 1, { event: { name: 'created' } }),
    lab.event(13, 2, { event: { name: 'detached' } }),
    lab.event(14, 128, { event: {} }),
    lab.event(15, 256, { subtype: 9, event: {} }),
    lab.event(16, 99, { event: {} }),
    { ...lab.event(17, 64, {}), type: 'joined' },
    { timestamp: START_MS },
    {},
  ]
  await tell(server, payloads)
  assert.deepEqual(await staysToldBy(server), [])
  const kept = await rowsOf(server, KEPT)
  assert.deepEqual(
    kept.map(({ native }) => JSON.parse(String(native))),
    payloads.map(payload => JSON.parse(JSON.stringify(payload))),
  )
  assert.ok(kept.every(({ reason }) => reason !== ''))
})

test('statistics are not stored', async t => {
  const server = await janusServer(t)
  const ann = janus().person('ann')
  await tell(server, ann.comes(1), ann.stats(5), ann.receives(6), ann.stats(40))
  const natives = (await rowsOf(server, KEPT)).map(({ native }) => JSON.parse(String(native)))
  assert.deepEqual(
    natives.filter(({ type }) => type === 32).map(({ subtype }) => subtype),
    [1],
  )
})

test('the same payload again is a duplicate, whatever the order of its members and its white space', async t => {
  const server = await janusServer(t)
  const joins = janus().person('ann').joins(1)
  const backwards = Object.fromEntries(Object.entries(joins).reverse())
  assert.deepEqual((await post(server, JSON.stringify(joins))).json(), { events: 1, duplicates: 0 })
  for (const body of [JSON.stringify(joins, null, 3), JSON.stringify([backwards])]) {
    assert.deepEqual((await post(server, body)).json(), { events: 0, duplicates: 1 })
  }
  assert.deepEqual(await staysToldBy(server), ['ann 11:00:01-'])
})

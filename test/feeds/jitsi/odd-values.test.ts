import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW_MS } from '../../support/test-server.ts'
import { rowsOf, servedRooms } from '../served.ts'
import { jitsiRoom, jitsiServer, occupant, postJitsi, tellJitsi } from './event-sync.ts'
import { roomsShown } from './shown.ts'
import { START_SEC } from './stories.ts'

const room = jitsiRoom('catchup')
const sec = (after: number) => START_SEC + after

test('seconds, milliseconds, microseconds and numbers in texts give the same moments', async t => {
  const ann = occupant('ann', sec(5), sec(9))
  const told = (moment: (sec: number) => unknown) => [
    { ...room.created(0), created_at: moment(sec(0)) },
    { ...room.left(ann), occupant: { ...ann, joined_at: moment(sec(5)), left_at: moment(sec(9)) } },
  ]
  const units = [(at: number) => at, (at: number) => at * 1e3, (at: number) => at * 1e6, String]
  for (const unit of units) {
    const server = await jitsiServer(t)
    await tellJitsi(server, ...told(unit))
    const stays = [['ann', 5, 9, null, '']]
    assert.deepEqual(await roomsShown(server), [{ kind: 'main', times: [0, null], inferred: '', stays }])
  }
})

const NO_MOMENTS = [0, -1, 1, 4e8, '', 'yesterday', null, true, {}, 1e300, '2026-03-01T11:00:00Z', undefined]

test('a request whose moments cannot be read is kept, and leads to no room', async t => {
  const server = await jitsiServer(t)
  for (const [index, at] of NO_MOMENTS.entries()) {
    await tellJitsi(server, { ...room.created(0), created_at: at, index })
    const ann = { ...occupant('ann', 0), joined_at: at }
    await tellJitsi(server, { ...room.joined(occupant('ann', 0)), occupant: ann, index })
  }
  assert.deepEqual(await servedRooms(server), [])
  assert.equal((await rowsOf(server, 'select 1 from feed_payloads')).length, NO_MOMENTS.length * 2)
})

test('a leave whose moment cannot be read leaves the stay open', async t => {
  const server = await jitsiServer(t)
  const ann = { ...occupant('ann', sec(5)), left_at: 7 }
  await tellJitsi(server, room.created(sec(0)), room.left(ann))
  assert.deepEqual((await roomsShown(server))[0]?.stays, [['ann', 5, null, null, '']])
})

/** Requests that lead to no event, and the reason that each is kept with. */
const UNRECOGNIZED = [
  [{ ...room.created(NOW_MS / 1000 + 600) }, /of the future/],
  [room.joined(occupant('ann', NOW_MS / 1000 + 600)), /of the future/],
  [room.destroyed(sec(0), NOW_MS / 1000 + 600), /of the future/],
  [room.destroyed(sec(0), sec(9), [occupant('ann', NOW_MS / 1000 + 600)]), /of the future/],
  [{ ...room.created(sec(0)), event_name: 'muc-occupant-yodelled' }, /no such event/],
  [{ ...room.created(sec(0)), event_name: undefined }, /no such event/],
  [{ ...room.created(sec(0)), room_jid: undefined }, /names no room/],
  [{ ...room.joined(occupant('ann', sec(1))), occupant: { joined_at: sec(1) } }, /names no occupant/],
  [{ ...room.left(occupant('ann', sec(1))), occupant: undefined }, /names no moment/],
  [{ ...room.destroyed(sec(0), sec(1)), created_at: undefined }, /when the room was created/],
] as const

test('a request that leads to no event is kept with the reason', async t => {
  const server = await jitsiServer(t)
  for (const [payload, reason] of UNRECOGNIZED) {
    const response = await postJitsi(server, payload)
    assert.deepEqual([response.statusCode, response.json()], [200, { events: 0, duplicates: 0 }])
    const [last] = await rowsOf(server, 'select reason, native from feed_payloads order by seq desc limit 1')
    assert.match(String(last?.['reason']), reason)
    assert.deepEqual(JSON.parse(String(last?.['native'])), JSON.parse(JSON.stringify(payload)))
  }
  assert.deepEqual(await servedRooms(server), [])
  assert.equal((await rowsOf(server, 'select 1 from feed_payloads')).length, UNRECOGNIZED.length)
  assert.deepEqual(await rowsOf(server, 'select 1 from events'), [])
})

test('a request with its members in another order is a duplicate', async t => {
  const server = await jitsiServer(t)
  const created = room.created(sec(0))
  const turned = Object.fromEntries(Object.entries(created).toReversed())
  assert.equal((await postJitsi(server, created)).json().duplicates, 0)
  assert.equal((await postJitsi(server, turned)).json().duplicates, 1)
  assert.equal((await postJitsi(server, { ...created, more: 1 })).json().duplicates, 0)
  // Counted is the request, not each of its events.
  const left = room.left(occupant('ann', sec(5), sec(9)))
  assert.deepEqual((await postJitsi(server, left)).json(), { events: 2, duplicates: 0 })
  assert.deepEqual((await postJitsi(server, left)).json(), { events: 0, duplicates: 1 })
})

test('rooms whose names hold special characters are kept apart', async t => {
  const server = await jitsiServer(t)
  const names = ['a|b', 'a}b', 'a%7Cb', 'ä ö', '__proto__', 'a', 'A']
  for (const name of names) await tellJitsi(server, jitsiRoom(name).created(sec(0)))
  for (const name of names) {
    await tellJitsi(server, jitsiRoom(name).joined(occupant('ann', sec(1), undefined, { id: name })))
  }
  const rooms = await roomsShown(server)
  assert.equal(rooms.length, names.length)
  assert.deepEqual(rooms.map(({ stays }) => stays[0]?.[0]).sort(), names.toSorted())
})

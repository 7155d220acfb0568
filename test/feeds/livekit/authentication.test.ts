import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccessToken } from 'livekit-server-sdk'
import { feedId } from '../../../src/sid.ts'
import { deliver, livekitRoom } from '../../support/livekit.ts'
import {
  ACCOUNT,
  basic,
  LIVEKIT_SECRET,
  NOW_MS,
  OTHER_ACCOUNT,
  OTHER_LIVEKIT_KEY,
  OTHER_LIVEKIT_SECRET,
  OTHER_TOKEN,
  type TestServer,
  testServer,
} from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { deliveriesOf, rowsOf, servedRoom, servedRooms } from '../served.ts'
import { NODE_SDK } from './samples.ts'
import { claimsOf, post, sha256Of, tokenOf } from './token.ts'

const BODY = JSON.stringify(livekitRoom('gate', NOW_MS - 60_000).started())
const NOW_SEC = NOW_MS / 1000

test('a delivery that is not authentic is 401/20003, stores nothing, and is logged with its cause', async t => {
  const server = await testServer(t)
  const good = claimsOf(server, BODY)
  const none = { alg: 'none', typ: 'JWT' }
  const unsigned = tokenOf(good, { header: none }).replace(/[^.]*$/, '')
  const expired = { ...good, nbf: NOW_SEC - 361, exp: NOW_SEC - 61 }
  const refused: [what: string, token: string | undefined, cause: RegExp][] = [
    ['no header', undefined, /holds no JWT/],
    ['an empty one', 'Bearer ', /holds no JWT/],
    ['no JWT', 'Bearer abc', /holds no JWT/],
    ['Basic', basic().authorization, /holds no JWT/],
    ['a JWT of nothing', '..', /no JWT signed with HS256/],
    ['alg none, unsigned', unsigned, /no JWT signed with HS256/],
    ['alg none, signed', tokenOf(good, { header: none }), /no JWT signed with HS256/],
    ['another alg', tokenOf(good, { header: { alg: 'HS512', typ: 'JWT' }, hash: 'sha512' }), /HS256/],
    ['no iss', tokenOf({ ...good, iss: undefined }), /names no API key \(iss\)/],
    ['an unknown iss', tokenOf({ ...good, iss: 'APInobody' }), /No livekit feed is known for APInobody/],
    ['a wrong secret', tokenOf(good, { secret: 'wrong' }), /not signed with the secret of this API key/],
    ['an empty secret', tokenOf(good, { secret: '' }), /not signed with the secret of this API key/],
    ["another key's secret", tokenOf({ ...good, iss: OTHER_LIVEKIT_KEY }), /not signed with the secret/],
    ['another body', tokenOf({ ...good, sha256: sha256Of(`${BODY} `) }), /not the one that was signed/],
    ['no sha256', tokenOf({ ...good, sha256: undefined }), /states no SHA-256 of a body/],
    ['expired', tokenOf(expired), /has expired: compare the clocks/],
    ['no exp', tokenOf({ ...good, exp: undefined }), /has expired/],
    ['an exp that is no number', tokenOf({ ...good, exp: String(good.exp) }), /has expired/],
    ['not valid yet', tokenOf({ ...good, nbf: NOW_SEC + 61 }), /not valid yet: compare the clocks/],
  ]
  for (const [what, token, cause] of refused) {
    const response = await post(server, BODY, token)
    assert.equal(response.statusCode, 401, what)
    assert.equal(response.json().code, 20003, what)
    assert.match(response.json().message, cause, what)
  }
  const changed = await post(server, BODY.replace('gate', 'gatf'), tokenOf(good))
  assert.equal(changed.statusCode, 401)

  assert.deepEqual(await servedRooms(server), [])
  assert.deepEqual(await rowsOf(server, 'select 1 from events union all select 1 from feed_payloads'), [])
  const log = await deliveriesOf(server)
  assert.equal(log.length, refused.length + 1)
  for (const [index, [what, , cause]] of refused.entries()) {
    const { detail, ...delivery } = log[index] ?? assert.fail(what)
    assert.match(detail, cause, what)
    assert.deepEqual(
      { ...delivery, deliveryId: '' },
      {
        ...{ deliveryId: '', receivedAtMs: NOW_MS, feedKind: 'livekit', feedId: null, accountSid: null },
        ...{ httpStatus: 401, outcome: 'unauthentic', events: 0, duplicates: 0 },
      },
      what,
    )
  }
  assert.ok(!JSON.stringify([log, server.log]).includes(LIVEKIT_SECRET), 'a secret in the log')
})

test('the JWT is accepted bare, as LiveKit sends it, and after Bearer', async t => {
  const server = await testServer(t)
  const token = tokenOf(claimsOf(server, BODY))
  for (const authorization of [token, `Bearer ${token}`, `bearer  ${token}`]) {
    assert.equal((await post(server, BODY, authorization)).statusCode, 200)
  }
  assert.equal((await servedRooms(server)).length, 1)
})

test('the two clocks may differ by a minute', async t => {
  const server = await testServer(t)
  const good = claimsOf(server, BODY)
  for (const claims of [
    { ...good, nbf: NOW_SEC + 60 },
    { ...good, nbf: NOW_SEC - 359, exp: NOW_SEC - 59 },
  ]) {
    assert.equal((await post(server, BODY, tokenOf(claims))).statusCode, 200)
  }
  const { nbf: _, ...withoutStart } = good
  assert.equal((await post(server, BODY, tokenOf(withoutStart))).statusCode, 200)
})

test('the feed is found by iss: several keys of one account, and keys of others', async t => {
  const server = await testServer(t)
  await addFeed(server, 'APIsecond', 'secondSecret0123456789012345678901234567')
  const first = livekitRoom('first', NOW_MS - 60_000)
  const second = livekitRoom('second', NOW_MS - 60_000)
  await deliver(server, first.started())
  await deliver(server, second.started(), 'APIsecond', 'secondSecret0123456789012345678901234567')
  await deliver(server, first.started(), OTHER_LIVEKIT_KEY, OTHER_LIVEKIT_SECRET)

  const names = (await servedRooms(server)).map(room => room.room_name)
  assert.deepEqual(names.sort(), ['first', 'second'])
  const asOther = basic(OTHER_ACCOUNT, OTHER_TOKEN)
  const [foreign, ...more] = await servedRooms(server, asOther)
  assert.equal(foreign?.room_name, 'first')
  assert.equal(more.length, 0)
  const own = await servedRoom(server, first.sid)
  assert.notEqual(foreign?.room_sid, own.room_sid, 'two accounts never share a room')
})

test('webhooks of one server under two keys make one room, and nobody counts twice', async t => {
  const server = await testServer(t)
  await addFeed(server, 'APIsecond', 'secondSecret0123456789012345678901234567')
  const room = livekitRoom('twice', NOW_MS - 60_000)
  for (const payload of [room.started(), room.joined('ann', NOW_MS - 50_000)]) {
    await deliver(server, payload)
    await deliver(server, payload, 'APIsecond', 'secondSecret0123456789012345678901234567')
  }
  assert.equal((await servedRooms(server)).length, 1)
  const { unique_participants, concurrent_participants } = await servedRoom(server, room.sid)
  assert.deepEqual(
    { unique_participants, concurrent_participants },
    {
      unique_participants: 1,
      concurrent_participants: 1,
    },
  )
})

test("the sample of LiveKit's Node SDK is accepted, with the token that the SDK makes", async t => {
  const server = await testServer(t)
  server.clock.nowMs = Date.now() // the SDK signs by the real clock
  await addFeed(server, NODE_SDK.apiKey, NODE_SDK.apiSecret)
  const token = new AccessToken(NODE_SDK.apiKey, NODE_SDK.apiSecret)
  token.sha256 = NODE_SDK.sha256
  const response = await post(server, NODE_SDK.body, await token.toJwt())
  assert.equal(response.statusCode, 200, response.body)
  assert.deepEqual(response.json(), { events: 1, duplicates: 0 })

  const room = await servedRoom(server, 'RM_TkVjUvAqgzKz')
  assert.equal(room.room_name, 'mytestroom')
  assert.equal(room.create_time, '2021-08-09T21:51:43Z')
  assert.equal(room.room_status, 'in_progress')
  assert.equal(room.properties.native_room_sid, 'RM_TkVjUvAqgzKz')
  assert.deepEqual(room.properties.inferred, [])
})

test('an accepted delivery is in the log with its counts while the server runs', async t => {
  const server = await testServer(t)
  await post(server, BODY, tokenOf(claimsOf(server, BODY)))
  await post(server, BODY, tokenOf(claimsOf(server, BODY)))
  const log = await until('two deliveries in the log', 10_000, async () => {
    const deliveries = await server.store.deliveries.last(10)
    return deliveries.length < 2 ? undefined : deliveries
  })
  assert.deepEqual(
    log.map(({ accountSid, httpStatus, outcome, detail, events, duplicates }) => [
      ...[accountSid, httpStatus, outcome, detail, events, duplicates],
    ]),
    [
      [ACCOUNT, 200, 'stored', 'room.started', 1, 0],
      [ACCOUNT, 200, 'stored', 'room.started', 0, 1],
    ],
  )
})

async function addFeed(server: TestServer, authKey: string, secret: string): Promise<void> {
  const id = feedId(ACCOUNT, 'livekit', authKey)
  await server.store.feeds.put({
    ...{ feedId: id, accountSid: ACCOUNT, kind: 'livekit', authKey, secret, createdAtMs: NOW_MS },
  })
}

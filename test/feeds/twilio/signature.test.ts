import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnauthenticError } from '../../../src/feeds/feed-errors.ts'
import { twilio } from '../../../src/feeds/twilio/index.ts'
import { feedId } from '../../../src/sid.ts'
import {
  ACCOUNT,
  basic,
  NOW_MS,
  OTHER_ACCOUNT,
  OTHER_TOKEN,
  TWILIO_TOKEN,
  testServer,
} from '../../support/test-server.ts'
import { deliveriesOf, rowsOf, servedRooms, taken } from '../served.ts'
import { FEED_PATH, postCallback } from './callbacks.ts'
import { SIGNATURE_VECTORS } from './samples.ts'

const ROOM = `RM${'1'.repeat(32)}`
const CREATED = {
  ...{ AccountSid: ACCOUNT, RoomSid: ROOM, RoomName: "O'Neill & sons+co", RoomStatus: 'in-progress' },
  ...{ RoomType: 'group', StatusCallbackEvent: 'room-created', Timestamp: '2026-03-01T11:00:00.123Z' },
  SequenceNumber: '0',
}

test("the test vectors in Twilio's documentation are verified, and any change to them is refused", () => {
  for (const { authToken, url, params, signature } of SIGNATURE_VECTORS) {
    const verify = (form: object, from = url, token: string = authToken) => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signature,
      }
      const body = Buffer.from(new URLSearchParams(Object.entries(form)).toString())
      twilio.verify({ method: 'POST', url: from, headers, params: {}, body }, token, NOW_MS)
    }
    verify(params)
    assert.throws(() => verify({ ...params, Digits: '1235' }), UnauthenticError)
    assert.throws(() => verify({ ...params, More: '' }), UnauthenticError)
    assert.throws(() => verify(params, url, '12346'), UnauthenticError)
    const elsewhere = SIGNATURE_VECTORS.find(vector => vector.url !== url)?.url ?? assert.fail()
    assert.throws(() => verify(params, elsewhere), UnauthenticError)
  }
})

test('POST and GET callbacks are accepted, with special characters and with repeated parameters', async t => {
  const server = await testServer(t)
  const post = await postCallback(server, { ...CREATED, More: ['b', 'a', 'b'] })
  assert.equal(post.statusCode, 200, post.body)
  const get = await postCallback(server, { ...CREATED, RoomSid: `RM${'2'.repeat(32)}` }, { method: 'GET' })
  assert.equal(get.statusCode, 200, get.body)
  assert.deepEqual(
    (await servedRooms(server)).map(room => room.room_name),
    ["O'Neill & sons+co", "O'Neill & sons+co"],
  )
})

test('the URL is verified as Twilio was given it: any host, any query, with a port or without', async t => {
  const server = await testServer(t)
  const urls = [
    `http://localhost${FEED_PATH}?team=a&who=%27b%27+c`,
    `http://localhost${FEED_PATH}/`,
    `http://rollcall.example.com:8080${FEED_PATH}`,
    `http://[::1]:8080${FEED_PATH}`,
  ]
  for (const url of urls) assert.equal((await postCallback(server, CREATED, { url })).statusCode, 200, url)

  const hosts: [signed: string, host: string][] = [
    ['http://localhost:80', 'localhost'],
    ['http://localhost', 'localhost:80'],
    ['http://rollcall.example.com', 'rollcall.example.com:8080'],
    ['http://Rollcall.Example.com', 'Rollcall.Example.com'],
  ]
  for (const [signed, host] of hosts) {
    const response = await postCallback(server, CREATED, { url: signed + FEED_PATH, headers: { host } })
    assert.equal(response.statusCode, 200, `${signed} sent to ${host}`)
  }
})

test('behind a proxy the URL begins with PUBLIC_URL, or with what a trusted proxy says', async t => {
  const url = `https://rollcall.example.com/history${FEED_PATH}`
  const fixed = await testServer(t, { publicUrl: 'https://rollcall.example.com/history/' })
  const inside = { host: '127.0.0.1:8080' }
  assert.equal((await postCallback(fixed, CREATED, { url, headers: inside })).statusCode, 200)
  assert.equal((await postCallback(fixed, CREATED)).statusCode, 401)

  const trusting = await testServer(t, { trustProxy: '127.0.0.1' })
  const forwarded = { ...inside, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'rollcall.example.com' }
  const plain = `https://rollcall.example.com${FEED_PATH}`
  assert.equal((await postCallback(trusting, CREATED, { url: plain, headers: forwarded })).statusCode, 200)
  const doubting = await testServer(t)
  assert.equal((await postCallback(doubting, CREATED, { url: plain, headers: forwarded })).statusCode, 401)
})

test('a wrong signature is 401/20003, and the log names the URL that was verified', async t => {
  const server = await testServer(t)
  const given = 'http://localhost/feeds/twilio'
  const refused: [what: string, response: ReturnType<typeof postCallback>, cause: RegExp][] = [
    ['another token', postCallback(server, CREATED, { token: 'wrong' }), /is not that of/],
    [
      'another path',
      postCallback(server, CREATED, { url: `${given}?a=1`, token: 'wrong' }),
      /is not that of/,
    ],
    ['no signature', postCallback(server, CREATED, unsigned('')), /is not that of/],
    ['half of it', postCallback(server, CREATED, unsigned('AAAA')), /is not that of/],
    ['no account', postCallback(server, { ...CREATED, AccountSid: '' }), /names no Twilio account/],
    ['a bad account', postCallback(server, { ...CREATED, AccountSid: 'AC1' }), /names no Twilio account/],
    [
      'a foreign account',
      postCallback(server, { ...CREATED, AccountSid: OTHER_ACCOUNT }),
      new RegExp(`No twilio feed is known for ${OTHER_ACCOUNT}`),
    ],
  ]
  for (const [what, response, cause] of refused) {
    const { statusCode, ...rest } = await response
    assert.equal(statusCode, 401, what)
    assert.equal(rest.json().code, 20003, what)
    assert.match(rest.json().message, cause, what)
  }
  assert.deepEqual(await servedRooms(server), [])
  assert.deepEqual(await rowsOf(server, 'select 1 from events union all select 1 from feed_payloads'), [])
  const log = await deliveriesOf(server)
  assert.deepEqual(
    [...new Set(log.map(({ httpStatus, outcome }) => `${httpStatus} ${outcome}`))],
    ['401 unauthentic'],
  )
  const wrong = log.filter(({ detail }) => detail.includes('X-Twilio-Signature'))
  assert.equal(wrong.length, 4)
  for (const { detail } of wrong) {
    assert.equal(
      detail,
      `X-Twilio-Signature is not that of ${given} with this auth token. Is this the address that Twilio was given (PUBLIC_URL)?`,
    )
  }
  assert.ok(!JSON.stringify([log, server.log]).includes(TWILIO_TOKEN), 'the token in the log')
})

test('an invalid Host header is 400 for every sender', async t => {
  const server = await testServer(t)
  for (const host of ['localhost:99999', '1.2.3.4.5']) {
    for (const method of ['POST', 'GET'] as const) {
      const response = await postCallback(server, CREATED, { method, headers: { host } })
      assert.deepEqual([response.statusCode, response.json().code], [400, 20001], `${method} ${host}`)
    }
  }
})

test('a room of one account does not touch a room of another account with the same SID', async t => {
  const server = await testServer(t)
  const id = feedId(OTHER_ACCOUNT, 'twilio', OTHER_ACCOUNT)
  await server.store.feeds.put({
    ...{ feedId: id, accountSid: OTHER_ACCOUNT, kind: 'twilio', authKey: OTHER_ACCOUNT },
    ...{ secret: 'otherTwilioToken', createdAtMs: NOW_MS },
  })
  const theirs = { ...CREATED, AccountSid: OTHER_ACCOUNT, RoomName: 'theirs' }
  assert.equal((await postCallback(server, theirs)).statusCode, 401, 'signed with the token of the first')
  assert.equal((await postCallback(server, theirs, { token: 'otherTwilioToken' })).statusCode, 200)
  assert.deepEqual(await servedRooms(server), [])
  await taken(postCallback(server, CREATED))
  const namesFor = async (as: { authorization: string }) =>
    (await servedRooms(server, as)).map(room => [room.room_sid, room.account_sid, room.room_name])
  assert.deepEqual(await namesFor(basic()), [[ROOM, ACCOUNT, "O'Neill & sons+co"]])
  assert.deepEqual(await namesFor(basic(OTHER_ACCOUNT, OTHER_TOKEN)), [[ROOM, OTHER_ACCOUNT, 'theirs']])
})

function unsigned(signature: string) {
  return { headers: { 'x-twilio-signature': signature } }
}

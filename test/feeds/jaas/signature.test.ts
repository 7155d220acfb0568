import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliveriesOf, rowsOf, servedRooms } from '../served.ts'
import { documented } from './samples.ts'
import { JAAS_SECRET, jaasServer, postJaas, v1Of } from './webhooks.ts'

/** Formatted as in 8x8's documentation, because the signature is over the bytes. */
const BODY = JSON.stringify(documented('ROOM_CREATED'), null, 3)
const SIGNED_SEC = 1_632_490_060
const V1 = v1Of(SIGNED_SEC, BODY)
const OTHER = v1Of(SIGNED_SEC, BODY, 'whsec_another')

const HEADERS: readonly [what: string, signature: string | null, status: number][] = [
  ['the signature', `t=${SIGNED_SEC},v1=${V1}`, 200],
  ['the signature after the others of a change of secrets', `t=${SIGNED_SEC},v1=${OTHER},v1=${V1}`, 200],
  ['the signature before the others', `t=${SIGNED_SEC},v1=${V1},v1=${OTHER}`, 200],
  ['other schemes beside it', `v0=abc,t=${SIGNED_SEC},v2=${OTHER},v1=${V1},odd`, 200],
  ['spaces between the parts', `t=${SIGNED_SEC}, v1=${V1}`, 200],
  ['no header', null, 401],
  ['an empty header', '', 401],
  ['no moment', `v1=${V1}`, 401],
  ['another moment', `t=${SIGNED_SEC + 1},v1=${V1}`, 401],
  ['no signature', `t=${SIGNED_SEC}`, 401],
  ['an empty signature', `t=${SIGNED_SEC},v1=`, 401],
  ['the signature under another scheme', `t=${SIGNED_SEC},v2=${V1}`, 401],
  ['the signature by another secret', `t=${SIGNED_SEC},v1=${OTHER}`, 401],
  ['the beginning of the signature', `t=${SIGNED_SEC},v1=${V1.slice(0, 12)}`, 401],
  ['the signature of another body', `t=${SIGNED_SEC},v1=${v1Of(SIGNED_SEC, `${BODY} `)}`, 401],
  [
    'the secret without its beginning',
    `t=${SIGNED_SEC},v1=${v1Of(SIGNED_SEC, BODY, JAAS_SECRET.replace('whsec_', ''))}`,
    401,
  ],
]

test('the signature ends in =, the sign that also separates a name from its value', () =>
  assert.match(V1, /^[\w+/]{43}=$/))

for (const [what, signature, status] of HEADERS) {
  test(`${what}: ${status}`, async t => {
    const server = await jaasServer(t)
    const response = await postJaas(server, BODY, { signature })
    assert.equal(response.statusCode, status, response.body)
    assert.equal((await servedRooms(server)).length, status === 200 ? 1 : 0)
    if (status === 401) assert.equal(response.json().code, 20003)
    const [delivery] = await deliveriesOf(server)
    assert.equal(delivery?.outcome, status === 200 ? 'stored' : 'unauthentic')
    assert.doesNotMatch(JSON.stringify([delivery, server.log]), /whsec_/, 'the secret is not shown anywhere')
  })
}

test('the feed is found by appId: an unknown appId, or none, is 401', async t => {
  const server = await jaasServer(t)
  for (const appId of ['vpaas-magic-cookie-other', '', undefined, 7]) {
    const response = await postJaas(server, { ...documented('ROOM_CREATED'), appId })
    assert.deepEqual([response.statusCode, response.json().code], [401, 20003], String(appId))
  }
  assert.deepEqual(await rowsOf(server, 'select 1 from events union all select 1 from feed_payloads'), [])
})

test('a body that is no JSON object names no webhook and is 401, and one that is too large is 413', async t => {
  const server = await jaasServer(t, { bodyLimitBytes: '2000' })
  const junk = await postJaas(server, 'junk')
  assert.deepEqual([junk.statusCode, junk.json().code], [401, 20003])
  const large = await postJaas(server, { ...documented('ROOM_CREATED'), filler: 'x'.repeat(2000) })
  assert.deepEqual([large.statusCode, large.json().code], [413, 20413])
})

test('a second webhook with one idempotencyKey is a duplicate; an event from the future is refused', async t => {
  const server = await jaasServer(t)
  const created = documented('ROOM_CREATED')
  assert.deepEqual((await postJaas(server, created)).json(), { events: 1, duplicates: 0 })
  assert.deepEqual((await postJaas(server, created)).json(), { events: 0, duplicates: 1 })
  const again = { ...created, isRepeated: true }
  assert.deepEqual((await postJaas(server, again)).json(), { events: 0, duplicates: 1 })
  const future = { ...created, timestamp: server.clock.nowMs + 600_000, idempotencyKey: 'of the future' }
  assert.equal((await postJaas(server, future)).statusCode, 400)
  assert.equal((await rowsOf(server, 'select 1 from events')).length, 1)
})

test('a webhook without a session or a moment is kept and makes no record', async t => {
  const server = await jaasServer(t)
  const created = documented('ROOM_CREATED')
  for (const odd of [{ sessionId: undefined }, { timestamp: 'soon' }, { timestamp: 0 }]) {
    const response = await postJaas(server, { ...created, ...odd, idempotencyKey: JSON.stringify(odd) })
    assert.deepEqual([response.statusCode, response.json()], [200, { events: 0, duplicates: 0 }])
  }
  assert.deepEqual(await servedRooms(server), [])
  assert.equal((await rowsOf(server, 'select 1 from feed_payloads')).length, 3)
})

test('events that change no record are evidence of their room', async t => {
  const server = await jaasServer(t)
  assert.equal((await postJaas(server, documented('ROOM_CREATED'))).statusCode, 200)
  for (const eventType of ['SPEAKER_STATS', 'FEEDBACK', 'ROLE_CHANGED', 'CHAT_UPLOADED', undefined]) {
    const odd = { ...documented('PARTICIPANT_JOINED'), eventType, idempotencyKey: `${eventType}` }
    assert.deepEqual((await postJaas(server, odd)).json(), { events: 1, duplicates: 0 })
  }
  const [room] = await servedRooms(server)
  assert.equal(room?.unique_participants, 0)
  assert.equal((await rowsOf(server, 'select 1 from events')).length, 6)
})

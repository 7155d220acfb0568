import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEED_KEY } from '../../support/test-server.ts'
import { deliveriesOf, rowsOf, servedRooms } from '../served.ts'
import { JITSI_KEY, jitsiRoom, jitsiServer, postJitsi } from './event-sync.ts'
import { START_SEC } from './stories.ts'

const created = jitsiRoom('catchup').created(START_SEC)

const KEYS: readonly [what: string, headers: Record<string, string>, status: number][] = [
  ['no key', { authorization: '' }, 401],
  ['a wrong key', { authorization: `Bearer ${JITSI_KEY.slice(1)}` }, 401],
  ['the key of another feed', { authorization: `Bearer ${FEED_KEY}` }, 401],
  ['the key without Bearer', { authorization: JITSI_KEY }, 401],
  ['the key as a password', { authorization: `Basic ${btoa(`jitsi:${JITSI_KEY}`)}` }, 401],
  ['two keys', { authorization: `Bearer ${JITSI_KEY} ${JITSI_KEY}` }, 401],
  ['the key', {}, 200],
  ['the key after bearer in small letters', { authorization: `bearer ${JITSI_KEY}` }, 200],
]

for (const [what, headers, status] of KEYS) {
  test(`${what} is ${status}`, async t => {
    const server = await jitsiServer(t)
    const response = await postJitsi(server, created, headers)
    assert.equal(response.statusCode, status)
    if (status === 401) assert.equal(response.json().code, 20003)
    assert.equal((await servedRooms(server)).length, status === 200 ? 1 : 0)
    const [delivery] = await deliveriesOf(server)
    assert.equal(delivery?.outcome, status === 200 ? 'stored' : 'unauthentic')
    assert.ok(!JSON.stringify([delivery, server.log]).includes(JITSI_KEY.slice(1)), 'the key is in no log')
  })
}

test('a body that cannot be read is 400/20001, and nothing of it is stored', async t => {
  const server = await jitsiServer(t)
  const deep = `{"room_jid":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  for (const body of ['', 'junk', '[]', 'null', '"text"', '{"created_at":', deep]) {
    const response = await server.app.inject({
      ...{ method: 'POST', url: '/feeds/jitsi/events/room/created', body },
      headers: { authorization: `Bearer ${JITSI_KEY}`, 'content-type': 'application/json' },
    })
    assert.deepEqual([response.statusCode, response.json().code], [400, 20001], body.slice(0, 20))
  }
  assert.deepEqual(await rowsOf(server, 'select 1 from events union all select 1 from feed_payloads'), [])
})

test('a body that is too large is 413/20413', async t => {
  const server = await jitsiServer(t, { bodyLimitBytes: '1000' })
  const response = await postJitsi(server, { ...created, filler: 'x'.repeat(1000) })
  assert.deepEqual([response.statusCode, response.json().code], [413, 20413])
  assert.deepEqual(await servedRooms(server), [])
})

test('only the four paths of the module are served, and only with POST', async t => {
  const server = await jitsiServer(t)
  const get = await server.app.inject({ method: 'GET', url: '/feeds/jitsi/events/room/created' })
  assert.deepEqual([get.statusCode, get.headers['allow']], [405, 'POST, OPTIONS'])
  for (const url of ['/feeds/jitsi', '/feeds/jitsi/events/room/renamed']) {
    assert.equal((await server.app.inject({ method: 'POST', url, body: '{}' })).statusCode, 404, url)
  }
})

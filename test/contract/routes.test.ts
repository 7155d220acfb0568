import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Feed } from '../../src/feeds/feed.ts'
import { UnauthenticError } from '../../src/feeds/feed-errors.ts'
import { basic, testServer } from '../support/test-server.ts'
import { serverWith } from './server-with.ts'

const TOKEN = 'hushHush0123456789'

/** A feed whose path holds its secret, at a path that no other feed has. */
const madeUp: Feed = {
  kind: 'made-up',
  path: '/feeds/made-up/{key}',
  paths: ['/feeds/made-up/{key}/events', '/feeds/made-up'],
  methods: ['POST'],
  secretParam: 'key',
  summary: 'Made up',
  keys: { made: 'generated', authKeyOf: key => key, linesFor: () => [] },
  authKey() {
    throw new UnauthenticError('The key is unknown.')
  },
  verify() {},
  payloads: () => [],
  reduce: () => ({ events: [] }),
  silenceLimitMs: undefined,
  whenUnavailable: {},
}

test('the secret in the path of a feed is never logged, however the path is written or mistyped', async t => {
  const { app, log } = await serverWith(t, { feeds: [madeUp] })
  const paths = [
    `/feeds/made-up/${TOKEN}/events`,
    `/feeds/%6dade-up/${TOKEN}/events`,
    `/feeds/%256dade-up/${TOKEN}/events`,
    `/feeds/made-up%2F${TOKEN}/events`,
    `/feeds/made-up/${TOKEN}/events/`,
    `/feeds/made-up/${TOKEN}`,
    `/feeds/made-up/x/${TOKEN}`,
    `/feeds/made-up//${TOKEN}`,
    `/Feeds/Made-Up/${TOKEN}`,
    `/rollcall/feeds/made-up/${TOKEN}/events`,
    `/feed/made-up/${TOKEN}/events`,
    `/feeds/made-up/%zz/${TOKEN}`,
    `http://h/feeds/made-up/${TOKEN}/events`,
  ]
  for (const url of paths) {
    for (const method of ['POST', 'GET', 'OPTIONS'] as const) {
      log.length = 0
      await app.inject({ method, url })
      assert.ok(log.length > 0, url)
      assert.ok(!log.join('').includes(TOKEN), `${method} ${url}: ${log.join('')}`)
    }
  }
  await app.inject({ method: 'POST', url: `/feeds/made-up/${TOKEN}/events` })
  assert.ok(log.some(line => line.includes('"/feeds/made-up/…"')))
})

test('a path without a secret is logged as it was sent', async t => {
  const { app, log } = await serverWith(t, { feeds: [madeUp] })
  for (const url of ['/feeds/made-up', '/feeds/made-up/', '/feeds/made-upp/x', '/v1/%56ideo/Rooms?x=y']) {
    log.length = 0
    await app.inject({ url })
    assert.ok(
      log.some(line => JSON.parse(line).req?.path === url.split('?')[0]),
      url,
    )
  }
})

test('only the feeds that are named are served', async t => {
  const { app } = await serverWith(t, { feeds: [madeUp] })
  assert.equal((await app.inject({ method: 'POST', url: '/feeds/made-up' })).statusCode, 401)
  assert.equal((await app.inject({ method: 'POST', url: '/feeds/livekit' })).statusCode, 404)
})

test('the methods of a path are those of the route that answers it, also of an encoded path', async t => {
  const { app } = await testServer(t)
  const headers = basic()
  for (const [url, allow] of [
    ['/v1/%56ideo/Rooms', 'GET, HEAD, OPTIONS'],
    ['/v1/Video/Rooms/', 'GET, HEAD, OPTIONS'],
    [`/v1/Video/Rooms/${'x'.repeat(5000)}/Participants`, 'GET, HEAD, OPTIONS'],
    ['/feeds/jitsi/events/room/created', 'POST, OPTIONS'],
    ['/docs', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const options = await app.inject({ method: 'OPTIONS', url })
    assert.equal(options.headers['allow'], allow, url)
    const refused = await app.inject({ method: 'DELETE', url, headers })
    assert.deepEqual([refused.statusCode, refused.headers['allow']], [405, allow], url)
  }
  for (const url of ['/v1/Video//Rooms', '/v1/video/Rooms', '/v1/Video/Rooms/a/b', '/nothing']) {
    assert.equal((await app.inject({ method: 'OPTIONS', url })).headers['allow'], '', url)
    assert.equal((await app.inject({ method: 'DELETE', url, headers })).statusCode, 404, url)
  }
})

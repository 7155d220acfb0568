/**
 * Somebody tries thousands of tokens of an account, or secrets of a feed. After a few, the address is refused without a
 * look at its tokens; the owner at another address, and senders with the right secret, notice nothing.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ERRORS } from '../../src/http/errors.ts'
import type { Limits } from '../../src/http/limits.ts'
import { JANUS_BASIC_FEED, JANUS_PASSWORD, JANUS_USER } from '../feeds/janus/janus-server.ts'
import { deliveriesOf } from '../feeds/served.ts'
import { ACCOUNT, basic, FEED_KEY, OTHER_ACCOUNT, OTHER_TOKEN, TOKEN } from '../support/test-server.ts'
import { serverWith } from './server-with.ts'

const ROOMS = '/v1/Video/Rooms'
const WRONG = basic(ACCOUNT, `${TOKEN}x`)

test('an address that sends wrong credentials is soon refused, and others are not', async t => {
  const { ask } = await startServer(t, { wrongByAddress: 5 })
  const wrong = [WRONG, basic(OTHER_ACCOUNT, TOKEN), basic('x', 'y'), { authorization: 'Bearer x' }, WRONG]
  for (const headers of wrong) assert.equal(await ask('192.0.2.1', headers), 401)
  assert.equal(await ask('192.0.2.1', WRONG), 429)
  assert.equal(await ask('192.0.2.1', basic()), 429, 'it might be a guess')
  assert.equal(await ask('192.0.2.1', WRONG, '/v1/nothing'), 429)
  assert.equal(await ask('192.0.2.1', {}), 401, 'no credentials are no guess')
  assert.equal(await ask('192.0.2.2', basic()), 200)
  assert.equal(await ask('192.0.2.2', WRONG), 401)
})

test('credentials that were right before are accepted from an address that sends wrong ones', async t => {
  const { ask } = await startServer(t, { wrongByAddress: 3 })
  assert.equal(await ask('192.0.2.1', basic()), 200)
  for (let index = 0; index < 10; index++) await ask('192.0.2.1', WRONG)
  assert.equal(await ask('192.0.2.1', WRONG), 429)
  assert.equal(await ask('192.0.2.1', basic()), 200)
  assert.equal(await ask('192.0.2.1', basic(OTHER_ACCOUNT, OTHER_TOKEN)), 429)
})

test('an address is the one that a trusted proxy states, and no other', async t => {
  const { ask } = await startServer(t, { wrongByAddress: 3 }, { trustProxy: '192.0.2.9' })
  const statuses = []
  for (let index = 0; index < 4; index++) statuses.push(await ask(`192.0.2.${index}`, WRONG))
  assert.deepEqual(statuses, [401, 401, 401, 429])
})

test('wrong credentials for an account are limited from all addresses together, and right ones are not', async t => {
  const { ask } = await startServer(t, { wrongByUser: 5 })
  const statuses = []
  for (let index = 0; index < 7; index++) statuses.push(await ask(`192.0.2.${index}`, WRONG))
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429])
  assert.equal(await ask('192.0.2.99', basic()), 200)
  assert.equal(await ask('192.0.2.99', basic(OTHER_ACCOUNT, TOKEN)), 401)
})

test('a refusal is the error object, and says when to come again', async t => {
  const { base } = await startServer(t, { wrongByAddress: 0 })
  for (const [path, headers] of [
    [ROOMS, WRONG],
    ['/feeds/events', {}],
  ] as const) {
    const method = path === ROOMS ? 'GET' : 'POST'
    const response = await fetch(base + path, { method, headers })
    assert.equal(response.status, 429)
    assert.match(response.headers.get('retry-after') ?? '', /^\d+$/)
    assert.match(response.headers.get('twilio-request-id') ?? '', /^RQ[0-9a-f]{32}$/)
    assert.partialDeepStrictEqual(await response.json(), { code: ERRORS.tooManyRequests.code, status: 429 })
  }
})

const EVENTS = { 'content-type': 'application/cloudevents-batch+json' }
for (const [path, wrong, right] of [
  ['/feeds/events', { authorization: 'Bearer x' }, { authorization: `Bearer ${FEED_KEY}`, ...EVENTS }],
  ['/feeds/janus', basic(JANUS_USER, 'x'), basic(JANUS_USER, JANUS_PASSWORD)],
  ['/feeds/livekit', { authorization: 'x.y.z' }, undefined],
  ['/feeds/twilio', { 'x-twilio-signature': 'x' }, undefined],
  ['/feeds/janus/x', {}, undefined],
] as const) {
  test(`wrong credentials of a feed are limited, and right ones are taken (${path})`, async t => {
    const { server, post, ask } = await startServer(t, { wrongByAddress: 3 })
    const body = '[]'
    const statuses = []
    for (let index = 0; index < 5; index++) statuses.push(await post(path, wrong, body))
    assert.deepEqual(statuses, [401, 401, 401, 429, 429])
    if (right !== undefined) assert.equal(await post(path, right, body), 200)
    assert.equal(await ask('127.0.0.1', WRONG), 401, 'the API counts by itself')
    const log = await deliveriesOf(server)
    const refused = log.filter(({ outcome }) => outcome === 'unauthentic')
    assert.deepEqual(
      refused.map(({ httpStatus }) => httpStatus),
      statuses,
    )
  })
}

test('requests for paths that no operation has count in the rate limit', async t => {
  const { ask, post } = await startServer(t, {}, { rateLimitPerMin: '3' })
  assert.equal(await ask('192.0.2.1', basic()), 200)
  assert.equal(await ask('192.0.2.1', basic(), '/v1/nothing'), 404)
  assert.equal(await post('/v1/nothing', basic(), '{}'), 404)
  assert.equal(await ask('192.0.2.1', basic(), '/v1/nothing'), 429)
  assert.equal(await post('/v1/nothing', basic(), '{}'), 429)
  assert.equal(await ask('192.0.2.1', basic()), 429)
})

/** A server behind a proxy at 127.0.0.1, and functions that send requests and resolve to the status. */
async function startServer(t: TestContext, limits: Partial<Limits>, settings: object = {}) {
  const server = await serverWith(t, { limits }, { trustProxy: '127.0.0.1', ...settings })
  await server.store.feeds.put(JANUS_BASIC_FEED)
  const base = await server.app.listen({ host: '127.0.0.1', port: 0 })

  async function status(path: string, init: RequestInit): Promise<number> {
    const response = await fetch(base + path, init)
    await response.arrayBuffer()
    return response.status
  }

  return {
    ...{ server, base },
    ask: (from: string, headers: Record<string, string>, path = ROOMS) =>
      status(path, { headers: { ...headers, 'x-forwarded-for': from } }),
    post: (path: string, headers: Record<string, string>, body: string) =>
      status(path, { method: 'POST', headers, body }),
  }
}

/**
 * A page in a browser was answered 429 and could not read when to try again: a browser shows a script only the headers
 * that the answer names in Access-Control-Expose-Headers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnavailableError } from '../../src/store/engine/database.ts'
import { basic, testServer } from '../support/test-server.ts'

/** Fetch Standard, "CORS-safelisted response-header name". */
const ALWAYS_READABLE = [
  ...[
    'cache-control',
    'content-language',
    'content-length',
    'content-type',
    'expires',
    'last-modified',
    'pragma',
  ],
]
/** Headers that are for the browser itself, for caches or for the connection. */
const NOT_FOR_PAGES = ['connection', 'keep-alive', 'transfer-encoding', 'date', 'vary', 'content-encoding']

test('a page may read every header of every answer', async t => {
  const server = await testServer(t, { rateLimitPerMin: '3' })
  const { app } = server
  const url = '/v1/Video/Rooms'
  const headers = { ...basic(), origin: 'https://console.example.com' }
  const first = await app.inject({ url, headers })
  const answers = [
    first,
    await app.inject({ url, headers: { ...headers, 'if-none-match': String(first.headers['etag']) } }),
    await app.inject({ method: 'OPTIONS', url }),
    await app.inject({ url }),
    await app.inject({ method: 'POST', url: '/healthz' }),
    await app.inject({ url: '/nothing' }),
    await app.inject({ url: '/%' }),
    await app.inject({ url, headers }),
    await app.inject({ url, headers }),
    await app.inject({ method: 'POST', url: '/feeds/livekit' }),
  ]
  server.store.checkWritable = () => Promise.reject(new StoreUnavailableError('The disk is full'))
  answers.push(await app.inject({ url: '/readyz' }))
  const statuses = answers.map(({ statusCode }) => statusCode)
  assert.deepEqual(statuses, [200, 304, 204, 401, 405, 404, 400, 200, 429, 401, 503])
  for (const answer of answers) {
    const exposed = String(answer.headers['access-control-expose-headers']).toLowerCase().split(/, */)
    const hidden = Object.keys(answer.headers).filter(
      name =>
        ![...exposed, ...ALWAYS_READABLE, ...NOT_FOR_PAGES].includes(name) &&
        !name.startsWith('access-control-'),
    )
    assert.deepEqual(hidden, [], `${answer.statusCode}`)
  }
  const seen = answers.flatMap(answer => Object.keys(answer.headers))
  for (const name of ['retry-after', 'etag', 'twilio-request-id', 'allow', 'www-authenticate']) {
    assert.ok(seen.includes(name), name)
  }
})

/**
 * OPTIONS named GET for a path where a GET must ask for a WebSocket, a QUERY was answered 400 instead of 405, and a
 * delivery without a body was told that its form is wrong before it was asked for credentials.
 */
import assert from 'node:assert/strict'
import { METHODS } from 'node:http'
import { test } from 'node:test'
import { feeds } from '../../src/feeds/index.ts'
import { JANUS_FEED, JANUS_TOKEN } from '../feeds/janus/janus-server.ts'
import { basic, testServer } from '../support/test-server.ts'

test('every method that a path does not have is 405, and Allow is what OPTIONS says', async t => {
  const { app } = await testServer(t, {}, [JANUS_FEED])
  for (const url of ['/v1/Video/Rooms', '/healthz', '/openapi.json', '/feeds/janus', '/feeds/livekit']) {
    const options = await app.inject({ method: 'OPTIONS', url })
    const allow = String(options.headers['allow'])
    const missing = METHODS.filter(method => method !== 'CONNECT' && !allow.split(', ').includes(method))
    assert.ok(missing.includes('QUERY') && missing.includes('PUT'))
    for (const method of missing) {
      const token = url === '/feeds/janus' ? `/${JANUS_TOKEN}` : ''
      const path = url + token
      // The types of inject name fewer methods than Node knows.
      const answer = await app.inject({ method: method as 'GET', url: path, headers: basic() })
      assert.deepEqual([answer.statusCode, answer.headers['allow']], [405, allow], `${method} ${path}`)
      if (method !== 'HEAD') assert.equal(answer.json().code, 20004)
    }
  }
})

test('a path of a feed that takes a WebSocket names the methods of its deliveries', async t => {
  const { app } = await testServer(t)
  const { headers } = await app.inject({ method: 'OPTIONS', url: '/feeds/janus' })
  assert.equal(headers['allow'], 'POST, OPTIONS')
})

test('a delivery without a body or with a body of any form is 401 while it is not authentic', async t => {
  const { app } = await testServer(t)
  for (const url of feeds.flatMap(({ paths }) => paths.map(path => path.replace(/\{\w+\}/, 'x')))) {
    for (const body of [undefined, '', 'x', '{', '[]', 'null', '{"a":1}', Buffer.from([0xff])]) {
      const answer = await app.inject({
        ...{ method: 'POST', url, headers: { 'content-type': 'application/json' } },
        ...(body === undefined ? {} : { body }),
      })
      assert.deepEqual([answer.statusCode, answer.json().code], [401, 20003], `${url} ${body}`)
    }
  }
})

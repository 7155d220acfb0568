/**
 * Clients without credentials send large bodies to a part and hold the rest back. The server refuses what it can before
 * it reads a body, bounds the memory of all other bodies, and gives it back.
 */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { SignJWT } from 'jose'
import { signWebhook } from '../../src/demo/livekit-webhook.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { JANUS_FEED, JANUS_TOKEN } from '../feeds/janus/janus-server.ts'
import { deliveriesOf } from '../feeds/served.ts'
import { holdWriting } from '../support/outage.ts'
import { assertError, dial, request } from '../support/raw-client.ts'
import { ENGINE } from '../support/test-place.ts'
import { basic, FEED_KEY, LIVEKIT_KEY, LIVEKIT_SECRET, NOW_MS } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import { serverWith } from './server-with.ts'

const WITHIN_MS = 10_000
/** With the default limit of a body, four bodies of this size may be in flight. */
const MANY_BYTES = 1_000_000
const CHUNKED = 'Transfer-Encoding: chunked'
const HALF = 'x'.repeat(MANY_BYTES / 2)
const signed = (apiSecret: string, apiKey = LIVEKIT_KEY) =>
  signWebhook({ apiKey, apiSecret, body: HALF + HALF, nowMs: NOW_MS })

test('a request that its head shows to be refused is refused before its body has come', async t => {
  const { base, server } = await startServer(t)
  const wrongSecret = await signed('wrongSecret01234567890123456789012345678')
  const ofParticipant = await new SignJWT({ video: { room: 'lesson' } })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(LIVEKIT_KEY)
    .setExpirationTime(NOW_MS / 1000 + 300)
    .sign(new TextEncoder().encode(LIVEKIT_SECRET))
  const cases = [
    ['/feeds/livekit', [], 'unauthorized'],
    ['/feeds/livekit', ['Authorization: x.y.z'], 'unauthorized'],
    ['/feeds/livekit', [`Authorization: ${ofParticipant}`], 'unauthorized'],
    ['/feeds/livekit', [`Authorization: ${wrongSecret}`], 'unauthorized'],
    ['/feeds/livekit', [`Authorization: ${await signed(LIVEKIT_SECRET, 'APIunknown')}`], 'unauthorized'],
    ['/feeds/twilio', [], 'unauthorized'],
    ['/feeds/jaas', [], 'unauthorized'],
    ['/feeds/events', [], 'unauthorized'],
    ['/feeds/events', ['Authorization: Bearer x'], 'unauthorized'],
    ['/feeds/jitsi/events/room/created', ['Authorization: Bearer x'], 'unauthorized'],
    ['/feeds/janus/x', [], 'unauthorized'],
    ['/feeds/janus', ['Authorization: Basic eDp5'], 'unauthorized'],
    ['/v1/Video/Rooms', [], 'noCredentials'],
    ['/v1/Video/Rooms', [`Authorization: ${basic().authorization}`], 'methodNotAllowed'],
    ['/v1/nothing', [`Authorization: ${basic().authorization}`], 'notFound'],
    ['/nothing', [], 'notFound'],
    ['/openapi.json', [], 'methodNotAllowed'],
    ['/feeds/twilio', ['X-Twilio-Signature: x', 'Content-Length: 9999999'], 'bodyTooLarge'],
  ] as const
  for (const [path, headers, error] of cases) {
    const hasLength = headers.some(header => header.startsWith('Content-Length'))
    const length = hasLength ? [] : [`Content-Length: ${MANY_BYTES}`]
    const client = await dial(t, base, request(`POST ${path}`, [...headers, ...length]) + HALF)
    await assertError(client, error)
    client.socket.destroy()
  }
  const refused = cases.filter(([path, , error]) => path.startsWith('/feeds') && error === 'unauthorized')
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ httpStatus, outcome }) => `${httpStatus} ${outcome}`),
    refused.map(() => '401 unauthentic'),
  )
})

test('a delivery whose head shows a known sender is taken when its body has come', async t => {
  const { base } = await startServer(t)
  const cases = [
    ['/feeds/livekit', [`Authorization: ${await signed(LIVEKIT_SECRET)}`], 400],
    ['/feeds/events', [`Authorization: Bearer ${FEED_KEY}`], 400],
    [`/feeds/janus/${JANUS_TOKEN}`, [], 400],
    ['/feeds/twilio', ['X-Twilio-Signature: x'], 401],
    ['/feeds/jaas', ['X-Jaas-Signature: t=1,v1=x'], 401],
  ] as const
  for (const [path, headers, status] of cases) {
    const length = `Content-Length: ${MANY_BYTES}`
    const client = await dial(t, base, request(`POST ${path}`, [...headers, length]) + HALF)
    assert.equal((await fetch(`${base}/healthz`)).status, 200)
    assert.equal(client.answer(), '', path)
    client.socket.write(HALF)
    await client.answered(status)
  }
})

for (const path of ['/feeds/twilio', `/feeds/janus/${JANUS_TOKEN}`]) {
  test(`when unfinished bodies fill the memory, the oldest is given up (${path})`, async t => {
    const { sendBody } = await startServer(t)
    const clients = []
    for (let index = 0; index < 6; index++) clients.push(await sendBody(path, MANY_BYTES - 1))
    for (const client of clients.slice(0, 2)) {
      if (path === '/feeds/twilio') {
        await assertError(client, 'unavailable')
        assert.match(client.answer(), /^retry-after: 1$/im)
      } else {
        await client.closed()
        assert.equal(client.answer(), '')
      }
    }
    for (const client of clients.slice(2)) {
      assert.equal(client.answer(), '')
      client.socket.write('x')
      await client.answered(path === '/feeds/twilio' ? 401 : 400)
    }
  })
}

test('the memory of bodies is free again when they are answered, refused, or their clients are gone', async t => {
  const { sendBody } = await startServer(t)
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 4; index++) {
      const answered = await sendBody('/feeds/twilio', MANY_BYTES)
      await answered.answered(401)
    }
    for (let index = 0; index < 4; index++) {
      const tooLarge = await sendBody('/feeds/twilio', 2_000_000, [CHUNKED])
      await assertError(tooLarge, 'bodyTooLarge')
    }
    for (let index = 0; index < 4; index++) {
      const gone = await sendBody('/feeds/twilio', MANY_BYTES - 1)
      gone.socket.destroy()
    }
  }
  const clients = []
  for (let index = 0; index < 4; index++) clients.push(await sendBody('/feeds/twilio', MANY_BYTES - 1))
  for (const client of clients) {
    client.socket.write('x')
    await client.answered(401)
  }
})

/** Over PostgreSQL, tests have one connection that writes, which also looks feeds up. */
const skip = ENGINE === 'postgres'
test('deliveries that wait to be stored fill the memory too, and are not given up', { skip }, async t => {
  const { server, send, sendBody } = await startServer(t)
  const letGo = await holdWriting(server)
  const waiting = []
  for (let index = 0; index < 4; index++) {
    const padding = 'x'.repeat(MANY_BYTES)
    const body = JSON.stringify(janus().event(index, 4, { event: { padding } }))
    const head = request(`POST /feeds/janus/${JANUS_TOKEN}`, [`Content-Length: ${body.length}`])
    waiting.push(await send(head + body))
  }
  await assertError(await sendBody('/feeds/twilio', MANY_BYTES / 2), 'unavailable')
  const [gone, ...others] = waiting
  gone?.socket.destroy()
  await letGo()
  for (const client of others) await client.answered(200)
  // Nothing is in flight any more, not even what a client sent that did not wait for the answer.
  const clients = []
  for (let index = 0; index < 4; index++) clients.push(await sendBody('/feeds/twilio', MANY_BYTES - 1))
  for (const client of clients) {
    client.socket.write('x')
    await client.answered(401)
  }
})

/** A server with feeds of most kinds, and functions that send a request, or a body of MANY_BYTES to a part. */
async function startServer(t: TestContext) {
  const server = await serverWith(t, { limits: { bytesInFlight: 1 } })
  await server.store.feeds.put(JANUS_FEED)
  const { app } = server
  t.after(() => app.server.closeAllConnections())
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const connections: Socket[] = []
  app.server.on('connection', connection => connections.push(connection))

  /** Sends a text, and waits until the server has read or answered it. */
  async function send(text: string) {
    const before = connections.length
    const client = await dial(t, base, text)
    await until('it to be read', WITHIN_MS, () => {
      const bytesRead = connections[before]?.bytesRead ?? 0
      return client.answer() !== '' || bytesRead >= text.length || undefined
    })
    return client
  }

  async function sendBody(path: string, bytes: number, headers = [`Content-Length: ${MANY_BYTES}`]) {
    const head = request(`POST ${path}`, ['X-Twilio-Signature: x', ...headers])
    const body = 'x'.repeat(bytes)
    const isChunked = headers.includes(CHUNKED)
    return await send(isChunked ? `${head}${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n` : head + body)
  }

  return { base, server, send, sendBody }
}

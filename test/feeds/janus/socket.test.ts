import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { goOnWriting, holdWriting, stopWriting } from '../../support/outage.ts'
import { basic } from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { deliveriesOf, rowsOf } from '../served.ts'
import { janus } from './janus-events.ts'
import { JANUS_PASSWORD, JANUS_TOKEN, JANUS_USER, type JanusTestServer, janusServer } from './janus-server.ts'
import { staysToldBy } from './told.ts'
import { deliveredBy, dial, handshake, listen, untilDelivered } from './web-socket.ts'

const WITHIN_MS = 10_000
const NATIVES = 'select native from feed_payloads order by seq'

test('a wrong token is refused at the handshake and listed in the log of deliveries', async t => {
  const server = await janusServer(t)
  const base = await listen(server)
  const good = basic(JANUS_USER, JANUS_PASSWORD)
  const cases: [number, string, object][] = [
    [101, `/feeds/janus/${JANUS_TOKEN}`, { 'sec-websocket-protocol': 'janus-events' }],
    [101, '/feeds/janus', good],
    [401, `/feeds/janus/${JANUS_TOKEN}x`, {}],
    [401, '/feeds/janus', {}],
    [401, '/feeds/janus/x', good],
  ]
  for (const [status, path, headers] of cases) {
    const answer = await handshake(base, path, headers)
    answer.end()
    assert.equal(answer.status, status, path)
  }
  const plain = await fetch(`${base}/feeds/janus/${JANUS_TOKEN}`)
  assert.equal(plain.status, 405, 'a request without a handshake')
  await plain.arrayBuffer()
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ httpStatus, outcome }) => [httpStatus, outcome]),
    Array(3).fill([401, 'unauthentic']),
  )
  assert.ok(!server.log.join().includes(JANUS_TOKEN))
})

test('a handshake at a path without a WebSocket is answered like any request and closed, and its query is not logged', async t => {
  const server = await janusServer(t)
  const base = await listen(server)
  const cases = [
    [404, `/feeds/janus/${JANUS_TOKEN}/x`],
    [404, '/nothing?hidden'],
    [401, '/v1/Video/Rooms?hidden'],
    [405, '/feeds/livekit?hidden'],
    [401, '/feeds/twilio?hidden'],
  ] as const
  const answers = await Promise.all(cases.map(([, path]) => handshake(base, path)))
  try {
    assert.deepEqual(
      answers.map(({ status }) => status),
      cases.map(([status]) => status),
    )
    assert.doesNotMatch(server.log.join(), new RegExp(`hidden|${JANUS_TOKEN}`))
    let isClosed = false
    void server.app.close().then(() => {
      isClosed = true
    })
    await until('the server to be closed', 3_000, () => isClosed || undefined)
  } finally {
    for (const { end } of answers) end()
  }
})

test('messages of one socket are stored in order: single events and groups, as text and as binary', async t => {
  const server = await janusServer(t)
  const socket = await dial(await listen(server))
  const lab = janus()
  const events = Array.from({ length: 200 }, (_, index) => lab.event(index, 4, { event: { index } }))
  for (const [index, event] of events.entries()) {
    if (index % 3 === 0) socket.send(JSON.stringify(event))
    if (index % 3 === 1) socket.send(Buffer.from(JSON.stringify(events.slice(index, index + 2))))
  }
  await until(
    'all to be stored',
    WITHIN_MS,
    async () => (await rowsOf(server, NATIVES)).length >= 200 || undefined,
  )
  assert.deepEqual(await indexesStored(server), [...events.keys()])
  socket.close()
})

test('a message that cannot be read is listed in the log of deliveries and does not close the socket', async t => {
  const server = await janusServer(t)
  const socket = await dial(await listen(server))
  const ann = janus().person('ann')
  for (const message of ['junk', '7', '[7]', Buffer.from([0x1f, 0x8b, 0]), JSON.stringify(ann.comes(1))]) {
    socket.send(message)
  }
  await untilDelivered(server, 5)
  assert.deepEqual(await staysToldBy(server), ['ann 11:00:01-'])
  assert.equal(socket.readyState, WebSocket.OPEN)
  const log = await deliveriesOf(server)
  assert.deepEqual(
    log.map(({ httpStatus, outcome }) => `${httpStatus} ${outcome}`),
    [...Array(4).fill('400 junk'), '200 stored'],
  )
})

test('while nothing can be stored, the socket is not read and nothing is lost; later it is read again', async t => {
  const server = await janusServer(t)
  const socket = await dial(await listen(server))
  const lab = janus()
  const MESSAGES = 60
  await stopWriting(server)
  const padding = 'x'.repeat(500_000)
  for (let index = 0; index < MESSAGES; index++) {
    socket.send(JSON.stringify(lab.event(index, 4, { event: { index, padding } })))
  }
  await until('a second attempt', WITHIN_MS, () => deliveredBy(server).length > 1 || undefined)
  assert.ok(deliveredBy(server).every(outcome => outcome === 'unavailable'))
  // The kernel buffers a few of the thirty megabytes for both ends.
  assert.ok(socket.bufferedAmount > 10_000_000, `${socket.bufferedAmount} bytes are still here`)
  assert.equal((await rowsOf(server, NATIVES)).length, 0)

  await goOnWriting(server)
  await until(
    'all to be stored',
    WITHIN_MS,
    async () => (await rowsOf(server, 'select 1 from feed_payloads')).length >= MESSAGES || undefined,
  )
  assert.deepEqual(
    await indexesStored(server),
    Array.from({ length: MESSAGES }, (_, index) => index),
  )
  assert.equal(socket.readyState, WebSocket.OPEN)
  socket.close()
})

test('the server closes quickly with sockets open, and stores what it has read', async t => {
  const server = await janusServer(t)
  const base = await listen(server)
  const [busy, idle] = [await dial(base), await dial(base)]
  const letGo = await holdWriting(server)
  const asked = countWrites(server)
  busy.send(JSON.stringify(janus().person('ann').comes(1)))
  await until('it to be read', WITHIN_MS, () => asked.count > 0 || undefined)
  const beganMs = performance.now()
  const closing = server.app.close()
  await once(idle, 'close')
  await letGo()
  await closing
  assert.ok(performance.now() - beganMs < 2_000)
  const stored = (await rowsOf(server, NATIVES)).filter(({ native }) => String(native).includes('janus-1'))
  assert.equal(stored.length, 5, 'four events, and the claim of the SID of the room')
})

test('messages that were read from a sender that has disconnected are stored before the server closes', async t => {
  const server = await janusServer(t)
  const connections: Socket[] = []
  server.app.server.on('connection', connection => connections.push(connection))
  const sender = await dial(await listen(server))
  const letGo = await holdWriting(server)
  const asked = countWrites(server)
  sender.send(JSON.stringify(janus().person('ann').comes(1)))
  await until('it to be read', WITHIN_MS, () => asked.count > 0 || undefined)
  for (const connection of connections) connection.destroy()
  await once(sender, 'close')
  const closing = server.app.close()
  await until('the server to begin to close', WITHIN_MS, () => !server.app.server.listening || undefined)
  await letGo()
  await closing
  assert.equal((await rowsOf(server, NATIVES)).length, 5)
})

test('the server closes quickly while nothing can be stored', async t => {
  const server = await janusServer(t)
  const socket = await dial(await listen(server))
  await stopWriting(server)
  const padding = 'x'.repeat(100_000)
  socket.send(JSON.stringify(janus().event(1, 4, { event: { padding } })))
  await until('an attempt', WITHIN_MS, () => deliveredBy(server).length > 0 || undefined)
  const beganMs = performance.now()
  await Promise.all([once(socket, 'close'), server.app.close()])
  assert.ok(performance.now() - beganMs < 2_000)
})

/** Counts the transactions that the store is asked for from now on. */
function countWrites({ store }: JanusTestServer): { count: number } {
  const asked = { count: 0 }
  const { transact } = store
  const counted: typeof transact = work => {
    asked.count++
    return transact(work)
  }
  Object.assign(store, { transact: counted })
  return asked
}

async function indexesStored(server: JanusTestServer): Promise<number[]> {
  return (await rowsOf(server, NATIVES)).map(({ native }) => JSON.parse(String(native)).event.index)
}

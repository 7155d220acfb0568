/**
 * Clients with a token open WebSockets and hold them: with a message that never ends, in silence, or asking without
 * reading the answers. The server bounds their memory and cuts them, and keeps those that answer.
 */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Limits } from '../../src/http/limits.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { JANUS_FEED, JANUS_TOKEN } from '../feeds/janus/janus-server.ts'
import { deliveredBy, dial as dialWebSocket } from '../feeds/janus/web-socket.ts'
import { goOnWriting, stopWriting } from '../support/outage.ts'
import { dial, request } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { serverWith } from './server-with.ts'

const WITHIN_MS = 10_000
/** With the default limit of a body, 4 MiB may be in flight. */
const MESSAGE_BYTES = 3_000_000
const HALF_BYTES = 2_500_000
const HANDSHAKE = request(`GET /feeds/janus/${JANUS_TOKEN}`, [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
])
const [PING, BINARY] = [0x89, 0x82]

test('when unfinished messages fill the memory, the oldest is given up', async t => {
  const { server, connect } = await startServer(t, { bytesInFlight: 1 })
  const clients = []
  for (let index = 0; index < 3; index++) {
    const { client, connection } = await connect()
    client.socket.write(frameHead(BINARY, MESSAGE_BYTES))
    client.socket.write(Buffer.alloc(HALF_BYTES, ' '))
    await until('it to be read', WITHIN_MS, () => connection.bytesRead >= HALF_BYTES || undefined)
    clients.push(client)
  }
  const [first, second, last] = clients
  await first?.closed()
  await second?.closed()
  last?.socket.write(Buffer.alloc(MESSAGE_BYTES - HALF_BYTES, ' '))
  await until('the whole message', WITHIN_MS, () => deliveredBy(server).length > 0 || undefined)
  assert.deepEqual(deliveredBy(server), ['junk'])
})

test('the memory of messages is free again when they are stored, and pings take none', async t => {
  const { server, connect } = await startServer(t, { bytesInFlight: 1 })
  const idle = await connect()
  idle.client.socket.write(Buffer.concat([frameHead(BINARY, 2), Buffer.from('[]'), frameHead(PING, 0)]))
  await until('its message', WITHIN_MS, () => deliveredBy(server).length === 1 || undefined)
  idle.client.socket.write(frameHead(PING, 0))
  const whole = Buffer.concat([frameHead(BINARY, MESSAGE_BYTES), Buffer.alloc(MESSAGE_BYTES, ' ')])
  const { client } = await connect()
  for (let count = 2; count < 5; count++) {
    client.socket.write(whole)
    await until('the message', WITHIN_MS, () => deliveredBy(server).length === count || undefined)
  }
  // Now two messages fill the memory together, and the first of them is the oldest.
  const [first, second] = [await connect(), await connect()]
  for (const one of [first, second]) {
    one.client.socket.write(whole.subarray(0, HALF_BYTES))
    await until('it to be read', WITHIN_MS, () => one.connection.bytesRead >= HALF_BYTES || undefined)
  }
  await first.client.closed()
  assert.deepEqual([idle.connection.destroyed, second.connection.destroyed], [false, false])
})

test('a client that answers no ping is cut, and one that does is not', async t => {
  const { server, base, connect } = await startServer(t, { pingEveryMs: 200 })
  const alive = await dialWebSocket(base)
  const silent = await connect()
  const stuck = await connect()
  stuck.client.socket.write(frameHead(BINARY, 100))
  await silent.client.closed()
  await stuck.client.closed()
  alive.send('[]')
  await until('the message', WITHIN_MS, () => deliveredBy(server).length > 0 || undefined)
  assert.equal(alive.readyState, WebSocket.OPEN)
  alive.close()
})

test('a client whose messages cannot be stored now is not read, and not cut', async t => {
  const { server, base } = await startServer(t, { pingEveryMs: 20 })
  const socket = await dialWebSocket(base)
  await stopWriting(server)
  const lab = janus()
  // More than a connection reads ahead.
  for (let index = 0; index < 10; index++) {
    socket.send(JSON.stringify(lab.event(index, 4, { event: { padding: 'x'.repeat(100_000) } })))
  }
  await until('three attempts', WITHIN_MS, () => deliveredBy(server).length > 2 || undefined)
  await goOnWriting(server)
  const stored = () => deliveredBy(server).filter(outcome => outcome === 'stored')
  await until('all to be stored', WITHIN_MS, () => stored().length === 10 || undefined)
  assert.equal(socket.readyState, WebSocket.OPEN)
  socket.close()
})

test('a client that asks and does not read the answers is cut', async t => {
  const { connect } = await startServer(t, {})
  const { client, connection } = await connect()
  client.socket.pause()
  const pings = Buffer.concat(Array(8_000).fill(Buffer.concat([frameHead(PING, 125), Buffer.alloc(125)])))
  await until('it to be cut', WITHIN_MS, () => {
    client.socket.write(pings)
    return connection.destroyed || undefined
  })
})

/** The head of a frame from a client, with a mask of zeros. */
function frameHead(firstByte: number, bytes: number): Buffer {
  if (bytes < 126) return Buffer.from([firstByte, 0x80 | bytes, 0, 0, 0, 0])
  const head = Buffer.alloc(14)
  head[0] = firstByte
  head[1] = 0x80 | 127
  head.writeBigUInt64BE(BigInt(bytes), 2)
  return head
}

/** A server with a Janus feed, and a function that connects to it and gives both ends of the connection. */
async function startServer(t: TestContext, limits: Partial<Limits>) {
  const server = await serverWith(t, { limits })
  await server.store.feeds.put(JANUS_FEED)
  const base = await server.app.listen({ host: '127.0.0.1', port: 0 })
  const connections: Socket[] = []
  server.app.server.on('connection', connection => connections.push(connection))
  t.after(() => {
    for (const connection of connections) connection.destroy()
  })
  return {
    ...{ server, base },
    async connect() {
      const client = await dial(t, base, HANDSHAKE)
      await client.answered(101)
      const connection = connections.at(-1) ?? assert.fail('there is no connection')
      return { client, connection }
    },
  }
}

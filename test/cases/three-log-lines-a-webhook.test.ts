/**
 * The server wrote three lines for each webhook: that it came, what became of it, and that it was answered. A line for
 * each request is enough, and a request whose client went away must have it too.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { type Database, StoreUnavailableError } from '../../src/store/engine/database.ts'
import { JANUS_FEED, JANUS_TOKEN } from '../feeds/janus/janus-server.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { basic, get, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'

test('a webhook has one line, which says what became of it and how it was answered', async t => {
  const server = await testServer(t)
  const room = livekitRoom('x', NOW_MS - 60_000)
  for (const [payload, secret, status, outcome] of [
    [room.started(), undefined, 200, 'stored'],
    [room.started(), 'wrongSecret01234567890123456789012345678', 401, 'unauthentic'],
  ] as const) {
    server.log.length = 0
    await deliver(server, payload, undefined, secret)
    const [line, ...others] = linesOf(server)
    assert.deepEqual(others, [])
    assert.deepEqual(
      [line?.req, line?.res],
      [{ method: 'POST', path: '/feeds/livekit', remote: '127.0.0.1' }, { status }],
    )
    assert.deepEqual([line?.feed, line?.outcome, line?.msg], ['livekit', outcome, 'request'])
    assert.equal(typeof line?.responseTime, 'number')
  }
})

test('so has a request of the API, also one that is refused or not found', async t => {
  const server = await testServer(t)
  for (const [url, headers, status] of [
    ['/v1/Video/Rooms', basic(), 200],
    ['/v1/Video/Rooms', {}, 401],
    ['/v1/Video/Rooms?PageSize=x', basic(), 400],
    ['/nothing', {}, 404],
    ['/healthz', {}, 200],
  ] as const) {
    server.log.length = 0
    const answer = await get(server, url, headers)
    assert.equal(answer.status, status)
    const [line, ...others] = linesOf(server)
    assert.deepEqual(others, [])
    assert.deepEqual([line?.res.status, line?.request_id], [status, answer.headers['twilio-request-id']])
  }
})

test('so has a request that is cut, or whose client goes away before the answer', async t => {
  let transact: Database['transact'] | undefined
  t.after(() => {
    transact = undefined
  })
  const server = await testServer(t, {}, [JANUS_FEED], database => ({
    ...database,
    transact: (work, lane) => (transact ?? database.transact)(work, lane),
  }))
  const address = await server.app.listen({ port: 0, host: '127.0.0.1' })
  transact = () => Promise.reject(new StoreUnavailableError('The disk is full'))
  const body = JSON.stringify({
    type: 1,
    timestamp: NOW_MS * 1000,
    session_id: 1,
    event: { name: 'created' },
  })
  const head = `POST /feeds/janus/${JANUS_TOKEN} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}`
  const cut = await lineAfter(server, address, `${head}\r\n\r\n${body}`)
  assert.deepEqual([cut?.msg, cut?.req.path], ['request without an answer', '/feeds/janus/…'])
  assert.deepEqual([cut?.feed, cut?.outcome], ['janus', 'unavailable'])

  transact = () => new Promise(() => {})
  const gone = await lineAfter(server, address, 'GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n', socket =>
    socket.destroy(),
  )
  assert.deepEqual([gone?.msg, gone?.req.path], ['request without an answer', '/readyz'])
})

/** Sends a request, and calls `then` once the server has it. Resolves to its line, which must be the only one. */
async function lineAfter(
  server: TestServer,
  address: string,
  request: string,
  then: (socket: Socket) => void = () => {},
): Promise<Line | undefined> {
  server.log.length = 0
  const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.write(request))
  await once(server.app.server, 'request')
  then(socket)
  await until('the line', 5_000, () => linesOf(server).length > 0 || undefined)
  socket.destroy()
  const [line, ...others] = linesOf(server)
  assert.deepEqual(others, [])
  return line
}

interface Line {
  readonly msg: string
  readonly req: { readonly method: string; readonly path: string; readonly remote: string }
  readonly res: { readonly status: number }
  readonly request_id: string
  readonly responseTime: number
  readonly feed?: string
  readonly outcome?: string
}

/** The lines of requests. The cause of an outage has a line of its own, once a minute. */
function linesOf({ log }: TestServer): Line[] {
  return log.map(line => JSON.parse(line)).filter(line => line.msg !== 'The disk is full')
}

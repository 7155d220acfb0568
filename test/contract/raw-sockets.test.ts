import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { JANUS_TOKEN, janusServer } from '../feeds/janus/janus-server.ts'
import { temporaryFolder } from '../support/program.ts'
import { assertError, dial, request, untilNoneIsOpen } from '../support/raw-client.ts'
import { startServe } from '../support/running-server.ts'

const WITHIN_MS = 10_000
/** Shorter than the time limit of a handshake: an answered connection is closed before that. */
const CLOSED_WITHIN_MS = 3_000
const JANUS_PATH = `/feeds/janus/${JANUS_TOKEN}`
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket']
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const HANDSHAKE = [...UPGRADE, KEY, 'Sec-WebSocket-Version: 13']
const CONNECT = request('CONNECT a:1')

suite('raw sockets', { concurrency: 4 }, () => {
  test('a client that resets its connection does not end the process', async t => {
    const { url } = await startServe(t, { cwd: await temporaryFolder(t) })
    const requests = [
      [CONNECT, 405],
      [request('GET /feeds/janus/%FF', HANDSHAKE), 400],
      [request('GET /feeds/janus/x', HANDSHAKE), 401],
      [request('GET /feeds/janus/x', UPGRADE), 401],
      ['nonsense\r\n\r\n', 400],
    ] as const
    for (const [text, status] of requests) {
      const client = await dial(t, url, text)
      await client.answered(status)
      client.socket.resetAndDestroy()
      assert.equal((await fetch(`${url}/openapi.json`)).status, 200, text)
    }
  })

  test('the process ends in time and with code 0 while clients leave their connections open', async t => {
    const env = { JANUS_EVENTS_USER: 'lab', JANUS_EVENTS_PASSWORD: 'passwordOf0123456789012345678901234567' }
    const running = await startServe(t, { cwd: await temporaryFolder(t), env })
    const credentials = Buffer.from(`lab:${env.JANUS_EVENTS_PASSWORD}`).toString('base64')
    const webSocket = request('GET /feeds/janus', [...HANDSHAKE, `Authorization: Basic ${credentials}`])
    const requests = [
      [CONNECT, 405],
      [`${CONNECT}${'x'.repeat(200_000)}`, 405],
      [request('GET /feeds/janus/%FF', HANDSHAKE), 400],
      [request('DELETE /feeds/janus/x', HANDSHAKE), 405],
      [webSocket, 101],
    ] as const
    for (const [text, status] of requests) await (await dial(t, running.url, text)).answered(status)
    const { exitCode, stderr, tookMs } = await running.stop('SIGTERM')
    assert.equal(exitCode, 0, stderr)
    assert.ok(tookMs < WITHIN_MS, `${tookMs} ms`)
  })

  for (const [what, work] of [
    ['an error', 'throw new Error("boom")'],
    ['a rejection', 'Promise.reject(new Error("boom"))'],
  ] as const) {
    test(`${what} that nothing handles is reported in one sentence, and ends the process with code 1`, async t => {
      const preload = `process.on("SIGUSR2",()=>{${work}})`
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` }
      const running = await startServe(t, { cwd: await temporaryFolder(t), env })
      const { exitCode, stderr } = await running.stop('SIGUSR2')
      assert.equal(exitCode, 1)
      assert.match(stderr, /^rollcall: The process ends, because nothing handles this error: Error: boom$/m)
    })
  }

  for (const isGone of [false, true]) {
    const who = isGone ? 'is gone' : 'leaves it open'
    test(`a connection that was answered without a WebSocket is closed when its client ${who}`, async t => {
      const { app, base } = await listeningServer(t)
      const requests = [
        [CONNECT, 405],
        [request(`OPTIONS ${JANUS_PATH}`, HANDSHAKE), 204],
        [request(`HEAD ${JANUS_PATH}`, HANDSHAKE), 405],
        [request(`DELETE ${JANUS_PATH}`, HANDSHAKE), 405],
        [request('GET /nothing', HANDSHAKE), 404],
        [request('POST /feeds/janus/%FF', HANDSHAKE), 400],
        [request('GET /feeds/janus/%FF', HANDSHAKE), 400],
        [request(`GET /feeds/janus/${'x'.repeat(100)}%`, HANDSHAKE), 400],
        [request('GET /feeds/janus/x', HANDSHAKE), 401],
        [request(`GET ${JANUS_PATH}`, UPGRADE), 400],
      ] as const
      for (const [text, status] of requests) {
        const client = await dial(t, base, text)
        await client.answered(status)
        if (isGone) client.socket.destroy()
      }
      await untilNoneIsOpen(app, CLOSED_WITHIN_MS)
    })
  }

  test('a client that is still sending when it is answered gets no reset', async t => {
    const { base } = await listeningServer(t)
    const client = await dial(t, base, `${CONNECT}${'x'.repeat(30_000_000)}`)
    await client.answered(405)
    client.socket.end()
    await once(client.socket, 'close')
    assert.equal(client.socket.errored, null)
  })

  test('a handshake that nothing answers is cut in time, and a WebSocket is not', async t => {
    const { base } = await listeningServer(t)
    const webSocket = await dial(t, base, request(`GET ${JANUS_PATH}`, HANDSHAKE))
    await webSocket.answered(101)
    // The first request is still to be answered when the second arrives, and Fastify drops that one.
    const dropped = await dial(t, base, request('GET /x') + request(`GET ${JANUS_PATH}`, HANDSHAKE))
    await once(dropped.socket, 'end', { signal: AbortSignal.timeout(WITHIN_MS) })
    assert.equal(webSocket.socket.readableEnded, false)
  })

  test('a broken handshake is answered with the error object and the headers of any answer', async t => {
    const { base } = await listeningServer(t)
    const get = `GET ${JANUS_PATH}`
    const version = 'Sec-WebSocket-Version: 13'
    const cases = [
      [get, UPGRADE],
      [get, [...UPGRADE, version, 'Sec-WebSocket-Key: short']],
      [get, [...UPGRADE, KEY, 'Sec-WebSocket-Version: 12']],
      [get, ['Connection: Upgrade', 'Upgrade: other', KEY, version]],
      [get, [...HANDSHAKE, 'Sec-WebSocket-Protocol: ,']],
    ] as const
    for (const [line, headers] of cases) {
      const client = await dial(t, base, request(line, [...headers, 'Origin: https://a.example.com']))
      await assertError(client, 'badRequest')
      assert.match(client.answer(), /^sec-websocket-version: 13, 8$/im)
    }
  })

  test('a POST that asks for a WebSocket is a delivery like any other', async t => {
    const { base } = await listeningServer(t)
    const post = (path: string, body: string) =>
      request(`POST ${path}`, [...HANDSHAKE, `Content-Length: ${body.length}`]) + body
    await (await dial(t, base, post(JANUS_PATH, '[]'))).answered(200)
    await assertError(await dial(t, base, post(JANUS_PATH, 'junk')), 'badRequest')
    await assertError(await dial(t, base, post('/feeds/janus/x', '[]')), 'unauthorized')
  })

  test('a request target with scheme and host is answered as its path', async t => {
    const { base } = await listeningServer(t)
    for (const target of ['/openapi.json', '/feeds/twilio?x=http://y', '/nothing', '?x', '']) {
      const path = target.startsWith('/') ? target : `/${target}`
      const expected = (await fetch(base + path, { redirect: 'manual' })).status
      for (const origin of ['http://h', 'HTTPS://h:8443', 'http://[::1]:80']) {
        await (await dial(t, base, request(`GET ${origin}${target}`))).answered(expected)
      }
    }
    await (await dial(t, base, request(`GET http://h${JANUS_PATH}`, HANDSHAKE))).answered(101)
  })

  test('a WebSocket is served at its path however the path is encoded', async t => {
    const { base } = await listeningServer(t)
    for (const path of [JANUS_PATH.replace('janus', '%6aanus'), `${JANUS_PATH}/`]) {
      await (await dial(t, base, request(`GET ${path}`, HANDSHAKE))).answered(101)
    }
  })
})

/** A server whose connections are cut when the test ends: it cannot close while one of them is left open. */
async function listeningServer(t: TestContext) {
  const connections: Socket[] = []
  t.after(() => {
    for (const connection of connections) connection.destroy()
  })
  const { app } = await janusServer(t)
  app.server.on('connection', connection => connections.push(connection))
  return { app, base: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

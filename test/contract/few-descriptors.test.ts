/**
 * A server may open 256 files and connections. Clients send many more requests that end in no WebSocket, or in an
 * error, and leave their side of each connection open. Everybody else is still served.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/program.ts'
import { dial, request } from '../support/raw-client.ts'
import { startServe } from '../support/running-server.ts'

const DESCRIPTORS = 256
const MAIN = join(import.meta.dirname, '../../src/main.ts')
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket']
const AT_ONCE = 50

test('a server with few descriptors serves others after many requests that keep their connections', async t => {
  const limited = `ulimit -n ${DESCRIPTORS} && exec "$0" "$@"`
  const command = ['/bin/sh', '-c', limited, process.execPath, MAIN] as const
  const { url } = await startServe(t, { cwd: await temporaryFolder(t), command })
  const requests = [
    request('OPTIONS /feeds/janus/x', UPGRADE),
    request('HEAD /feeds/janus/x', UPGRADE),
    request('DELETE /feeds/janus/x', UPGRADE),
    request('GET /feeds/janus/%FF', UPGRADE),
    request('GET /feeds/janus/x', UPGRADE),
    request('CONNECT a:1'),
    'nonsense\r\n\r\n',
  ]
  for (let sent = 0; sent < 3 * DESCRIPTORS; sent += AT_ONCE) {
    const clients = Array.from({ length: AT_ONCE }, async (_, index) => {
      const client = await dial(t, url, requests[(sent + index) % requests.length] ?? '')
      await client.closed()
      assert.match(client.answer(), /^HTTP\/1\.1 \d{3} /)
    })
    await Promise.all(clients)
  }
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import type { TestServer } from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { JANUS_TOKEN } from './janus-server.ts'

const WITHIN_MS = 5_000

/** Lets the server listen on a free port, and resolves to `http://127.0.0.1:port`. */
export async function listen(server: TestServer): Promise<string> {
  return await server.app.listen({ host: '127.0.0.1', port: 0 })
}

/** Connects to the feed as wsevh does: with a subprotocol, and without credentials but the token. */
export async function dial(base: string, token = JANUS_TOKEN): Promise<WebSocket> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/feeds/janus/${token}`, 'janus-events')
  await once(socket, 'open')
  return socket
}

/** Sends a handshake; the status of its answer, which is 101 for success, and a function that ends the connection. */
export async function handshake(base: string, path: string, headers = {}) {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  const asked = request(base + path, { agent: false, headers: { ...upgrade, ...key, ...headers } })
  asked.setTimeout(WITHIN_MS, () => asked.destroy(new Error(`No answer to ${path}`)))
  const end = () => void asked.socket?.destroy()
  return await new Promise<{ status: number | undefined; end: () => void }>((resolve, reject) => {
    asked.on('upgrade', ({ statusCode }) => resolve({ status: statusCode, end }))
    asked.on('response', response => resolve({ status: response.resume().statusCode, end }))
    asked.on('error', reject)
    asked.end()
  })
}

/** Waits until this many deliveries have an outcome. */
export async function untilDelivered(server: TestServer, count: number): Promise<void> {
  await until(`${count} deliveries`, WITHIN_MS, () => deliveredBy(server).length >= count || undefined)
  assert.equal(deliveredBy(server).length, count)
}

/** The outcome of each delivery so far, from the log. */
export function deliveredBy({ log }: TestServer): string[] {
  return log
    .map(line => JSON.parse(line))
    .filter(({ outcome }) => outcome !== undefined)
    .map(({ outcome }) => outcome)
}

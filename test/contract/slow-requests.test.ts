/**
 * A client opens connections and sends a request to a part, or nothing. Each is answered 408 within the time that
 * docs/operations.md states, not half a minute later.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertErrorAnswer, dial, request, untilNoneIsOpen } from '../support/raw-client.ts'
import { serverWith } from './server-with.ts'

const SIGNED = 'X-Jaas-Signature: t=1,v1=x'
const limits = { requestTimeoutMs: 500, checkEveryMs: 50 }
/** Node checks its connections every 30 seconds unless told otherwise. */
const WITHIN_MS = 5_000

for (const [what, text] of [
  ['nothing', ''],
  ['half of the headers', 'GET /healthz HTTP/1.1\r\nHost: h\r\nX-Half'],
  ['half of a body', `${request('POST /feeds/jaas', [SIGNED, 'Content-Length: 1000'])}half`],
  [
    'half of a body in chunks',
    `${request('POST /feeds/jaas', [SIGNED, 'Transfer-Encoding: chunked'])}10\r\nhalf`,
  ],
  ['a request, and half of another', `${request('GET /healthz')}GET /hea`],
] as const) {
  test(`a client that sends ${what} is cut in time`, async t => {
    const { app } = await serverWith(t, { limits })
    t.after(() => app.server.closeAllConnections())
    const client = await dial(t, await app.listen({ host: '127.0.0.1', port: 0 }), text)
    const beganMs = performance.now()
    await client.closed()
    assert.ok(performance.now() - beganMs < WITHIN_MS)
    const last = client.answer().slice(client.answer().lastIndexOf('HTTP/1.1'))
    assertErrorAnswer(last, 'requestTimeout')
    await untilNoneIsOpen(app)
  })
}

/**
 * The server stops while requests come in on connections that are busy, and so stay open. What had begun is answered;
 * what comes now is refused in the way that its sender repairs.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { JANUS_TOKEN, janusServer } from '../feeds/janus/janus-server.ts'
import { assertErrorAnswer, dial, request } from '../support/raw-client.ts'
import { basic, FEED_KEY } from '../support/test-server.ts'
import { until } from '../support/until.ts'

const WITHIN_MS = 10_000
const FIRST_BODY = '[]'
const FIRST = request('POST /feeds/events', [
  `Authorization: Bearer ${FEED_KEY}`,
  'Content-Type: application/cloudevents-batch+json',
  `Content-Length: ${FIRST_BODY.length}`,
])

for (const [line, ...headers] of [
  ['GET /v1/Video/Rooms', `Authorization: ${basic().authorization}`],
  ['GET /v1/nothing'],
  ['GET /nothing'],
  ['GET /readyz'],
  ['OPTIONS /v1/Video/Rooms'],
  ['POST /feeds/livekit', 'Content-Length: 2'],
  ['POST /feeds/twilio', 'Content-Length: 2'],
  ['POST /feeds/events', 'Content-Length: 2'],
] as const) {
  test(`${line} is answered 503 with the error object while the server stops`, async t => {
    const { whole, second } = await stopWhileBusy(
      t,
      request(line, headers) + (line.startsWith('POST') ? '{}' : ''),
    )
    await until('the whole answer', WITHIN_MS, () => /\}\s*$/.test(second()) || undefined)
    assertErrorAnswer(second(), 'unavailable')
    assert.match(second(), /^retry-after: 1$/im)
    assert.match(second(), /^connection: close$/im)
    await whole
  })
}

test('the connection of a Janus that posts is closed without an answer while the server stops', async t => {
  const text = `${request(`POST /feeds/janus/${JANUS_TOKEN}`, ['Content-Length: 2'])}[]`
  const { whole, second } = await stopWhileBusy(t, text)
  await whole
  assert.equal(second(), '')
})

/**
 * Lets the server stop while the body of a request is still to come, then sends the body and another request.
 * `second` is the answer to that request so far; `whole` resolves when the server has stopped.
 */
async function stopWhileBusy(t: TestContext, text: string) {
  const { app } = await janusServer(t)
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const client = await dial(t, base, FIRST)
  // The connection is busy once the server has read the head.
  assert.equal((await fetch(`${base}/healthz`)).status, 200)
  const closing = app.close()
  await until('the server to begin to stop', WITHIN_MS, () => !app.server.listening || undefined)
  client.socket.write(FIRST_BODY + text)
  await client.answered(200)
  const [first = ''] = /^.*?\r\n\r\n\{.*?\}/s.exec(client.answer()) ?? []
  const whole = client.closed().then(() => {
    client.socket.destroy()
    return closing
  })
  return { whole, second: () => client.answer().slice(first.length) }
}

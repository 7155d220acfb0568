/**
 * A client sends many requests ahead on one connection (pipelining) and reads no answer. The server holds the answer to
 * one of them, cuts the client in the end, and serves everybody else meanwhile.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import Type from 'typebox'
import type { Limits } from '../../src/http/limits.ts'
import type { Operation } from '../../src/http/operation.ts'
import { dial, request, untilNoneIsOpen } from '../support/raw-client.ts'
import { basic } from '../support/test-server.ts'
import { until } from '../support/until.ts'
import { serverWith } from './server-with.ts'

const WITHIN_MS = 10_000
const CREDENTIALS = `Authorization: ${basic().authorization}`
/** More than the kernel buffers for one connection. */
const LARGE_BYTES = 16 * 1024 * 1024

test('of the requests that a client has sent ahead, only one is answered at a time', async t => {
  const { base, asked } = await startServer(t)
  const REQUESTS = 40
  const client = await dial(t, base, '')
  client.socket.pause()
  client.socket.write(request('GET /v1/Large', [CREDENTIALS]).repeat(REQUESTS))
  await until('a request to arrive', WITHIN_MS, () => asked.large > 0 || undefined)
  for (let turn = 0; turn < 10; turn++) assert.equal((await fetch(`${base}/healthz`)).status, 200)
  assert.equal(asked.large, 1)
})

test('requests that are sent ahead are answered in their order, and those that cannot be read too', async t => {
  const { base } = await startServer(t, { waitingRequests: 60 })
  const lines = ['GET /nothing', 'GET /%zz', 'GET /healthz', 'HEAD /openapi.json', 'GET /v1/x']
  const text = lines.map(line => request(line)).join('')
  const client = await dial(t, base, text.repeat(10))
  const statuses = () =>
    [...client.answer().matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))
  await until('the first answers', WITHIN_MS, () => statuses().length === 50 || undefined)
  // Those that have been answered do not wait any more.
  client.socket.write(text.repeat(10) + request('GET /healthz', ['Connection: close']))
  await client.closed()
  assert.deepEqual(statuses(), [...Array(20).fill([404, 400, 200, 200, 401]).flat(), 200])
})

for (const line of ['GET /healthz', 'GET /%zz', 'GET /v1/Gate']) {
  test(`a connection on which too many requests wait is cut (${line})`, async t => {
    const { base, asked, app, open } = await startServer(t, { waitingRequests: 3 })
    const first = request('GET /v1/Gate', [CREDENTIALS])
    const patient = await dial(t, base, first + request('GET /healthz').repeat(3))
    const greedy = await dial(t, base, first + request(line).repeat(4))
    await greedy.closed()
    assert.equal(greedy.answer(), '')
    await until('the request to arrive', WITHIN_MS, () => asked.gate > 0 || undefined)
    open()
    await until(
      'four answers',
      WITHIN_MS,
      () => patient.answer().split('HTTP/1.1 200').length > 4 || undefined,
    )
    patient.socket.destroy()
    await untilNoneIsOpen(app)
  })
}

test('a client that does not read its answer is cut in time', async t => {
  const { base, asked, app } = await startServer(t, { idleTimeoutMs: 300 })
  const client = await dial(t, base, '')
  client.socket.pause()
  client.socket.write(request('GET /v1/Large', [CREDENTIALS]))
  await until('the request to arrive', WITHIN_MS, () => asked.large > 0 || undefined)
  await untilNoneIsOpen(app)
})

/** A server with an answer that is large, and one that comes once `open` is called. `asked` counts requests for them. */
async function startServer(t: TestContext, limits: Partial<Limits> = {}) {
  const asked = { large: 0, gate: 0 }
  const gate = Promise.withResolvers<void>()
  const described = {
    tag: 'Made up',
    method: 'GET',
    parameters: {},
    summary: 'Made up',
    description: 'For this test.',
    response: Type.String(),
  } as const
  const large: Operation = {
    ...{ ...described, id: 'Large', path: '/v1/Large' },
    async run() {
      asked.large++
      return 'x'.repeat(LARGE_BYTES)
    },
  }
  const gated: Operation = {
    ...{ ...described, id: 'Gate', path: '/v1/Gate' },
    async run() {
      asked.gate++
      await gate.promise
      return '{}'
    },
  }
  const { app } = await serverWith(t, { operations: [large, gated], limits })
  t.after(() => gate.resolve())
  t.after(() => app.server.closeAllConnections())
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, base, asked, open: () => gate.resolve() }
}

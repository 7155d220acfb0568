import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'

const WITHIN_MS = 10_000

/** A delivery came half a second before the stop: its line was being written, and was lost. */
test('the log of deliveries is closed after the lines that are being written', async t => {
  const server = await testServer(t)
  const { deliveries } = server.store
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const add: typeof deliveries.add = async (...lines) => {
    order.push('begun')
    await gate.promise
    await deliveries.add(...lines)
    order.push('written')
  }
  Object.assign(server.store, { deliveries: { ...deliveries, add } })
  assert.equal(
    (await server.app.inject({ method: 'POST', url: '/feeds/jitsi/events/room/created' })).statusCode,
    401,
  )
  await until('the write to begin', WITHIN_MS, () => order.length > 0 || undefined)
  const closing = server.app.close().then(() => order.push('closed'))
  setImmediate(() => setImmediate(() => gate.resolve()))
  await closing
  assert.deepEqual(order, ['begun', 'written', 'closed'])
})

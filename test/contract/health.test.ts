import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goOnWriting, stopWriting } from '../support/outage.ts'
import { get, testServer } from '../support/test-server.ts'

test('the health paths need no credentials', async t => {
  const server = await testServer(t)
  for (const url of ['/healthz', '/readyz']) {
    const { status, body } = await get(server, url, {})
    assert.deepEqual([status, body], [200, { status: 'ok' }], url)
  }
})

test('/readyz is 503 while nothing can be written and then 200 again; /healthz stays 200', async t => {
  const server = await testServer(t)
  await stopWriting(server)
  // The first attempt loses the open connection; the later ones open a connection that cannot write.
  for (let turn = 0; turn < 3; turn++) {
    server.clock.nowMs += 1_000
    const refused = await get(server, '/readyz', {})
    assert.deepEqual([refused.status, refused.body.code, refused.body.status], [503, 20503, 503])
    assert.equal(refused.headers['retry-after'], '1')
  }
  assert.equal((await get(server, '/healthz', {})).status, 200)
  await goOnWriting(server)
  server.clock.nowMs += 1_000
  assert.equal((await get(server, '/readyz', {})).status, 200)
})

test('a test write is made once a second, however often readiness is asked for', async t => {
  const server = await testServer(t)
  let writes = 0
  const { transact } = server.database
  server.database.transact = (work, lane) => {
    writes++
    return transact(work, lane)
  }
  for (let index = 0; index < 20; index++) await get(server, '/readyz', {})
  server.clock.nowMs += 1_000
  await get(server, '/readyz', {})
  assert.equal(writes, 2)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnavailableError } from '../../src/store/engine/database.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { NOW_MS, testServer } from '../support/test-server.ts'

test('a commit that is refused before it begins refuses only its own deliveries', async t => {
  let refuses = false
  const server = await testServer(t, {}, [], database => ({
    ...database,
    async transact(work, lane) {
      if (refuses) throw new StoreUnavailableError('The database cannot be written now')
      return await database.transact(work, lane)
    },
  }))
  const room = livekitRoom('x', NOW_MS - 60_000)
  refuses = true
  assert.equal((await deliver(server, room.started())).statusCode, 503)
  refuses = false
  assert.equal((await deliver(server, room.started())).statusCode, 200)
  assert.equal((await deliver(server, room.joined('ann', NOW_MS - 50_000))).statusCode, 200)
})

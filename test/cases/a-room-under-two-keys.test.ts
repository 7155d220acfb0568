import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedId } from '../../src/sid.ts'
import { answersOf, forgetRooms } from '../feeds/numbers.ts'
import { rowsOf, taken } from '../feeds/served.ts'
import { deliver, livekitRoom } from '../support/livekit.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { ACCOUNT, LIVEKIT_KEY, LIVEKIT_SECRET, NOW_MS, testServer } from '../support/test-server.ts'

/**
 * The key of a LiveKit server was changed while a room was in progress, so that its webhooks came under two feeds. The
 * room belongs to the feed of its earliest event, in whatever order the webhooks come, and after a rebuild.
 */

const START = NOW_MS - 600_000
const NEW_KEY = 'APInew'
const NEW_SECRET = 'newLivekitSecret0123456789012345678901234'

test('a room belongs to the feed of its earliest event, in any order and after a rebuild', async t => {
  const server = await testServer(t)
  await server.store.feeds.put({
    ...{ feedId: feedId(ACCOUNT, 'livekit', NEW_KEY), accountSid: ACCOUNT, kind: 'livekit' },
    ...{ authKey: NEW_KEY, secret: NEW_SECRET, createdAtMs: 0 },
  })
  const room = livekitRoom('x', START)
  const told = [
    { payload: room.started(), key: LIVEKIT_KEY, secret: LIVEKIT_SECRET },
    { payload: room.joined('ann', START + 1_000), key: NEW_KEY, secret: NEW_SECRET },
    { payload: room.left('ann', START + 1_000, START + 9_000), key: LIVEKIT_KEY, secret: LIVEKIT_SECRET },
    { payload: room.finished(START + 30_000), key: NEW_KEY, secret: NEW_SECRET },
  ]
  const answers = new Set<string>()
  for (const [first, ...others] of told.map((one, index) => [one, ...told.toSpliced(index, 1)])) {
    for (const order of [
      [first, ...others],
      [first, ...others.toReversed()],
    ]) {
      await forgetRooms(server)
      for (const one of order) {
        if (one !== undefined) await taken(deliver(server, one.payload, one.key, one.secret))
      }
      const expected = [feedId(ACCOUNT, 'livekit', LIVEKIT_KEY)]
      assert.deepEqual(
        (await rowsOf(server, 'select feed_id from rooms')).map(row => row['feed_id']),
        expected,
      )
      answers.add(JSON.stringify(await answersOf(server)))
      await rebuildAll(server.store)
      assert.deepEqual(
        (await rowsOf(server, 'select feed_id from rooms')).map(row => row['feed_id']),
        expected,
      )
      answers.add(JSON.stringify(await answersOf(server)))
    }
  }
  assert.equal(answers.size, 1)
})

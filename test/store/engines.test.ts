import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { feeds } from '../../src/feeds/index.ts'
import { createSweeper } from '../../src/ingest/sweep/sweeper.ts'
import { answersOf, assertNumbersAgree } from '../feeds/numbers.ts'
import { servedParticipants, servedRooms } from '../feeds/served.ts'
import { queueOf } from '../support/queue-of.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { newFolder, newPostgres, type Place } from '../support/test-place.ts'
import { get, type TestServer, testServer } from '../support/test-server.ts'
import { MORE_FEEDS, tellAll } from './every-feed.ts'

test('every feed gives the same answers over SQLite and PostgreSQL: when delivered, after sweeps, and after a rebuild', async t => {
  const [file, database] = [await toldOver(t, await newFolder()), await toldOver(t, await newPostgres())]
  assert.ok(file.length === 3 && file.flat().length > 30)
  assert.deepEqual(database, file)
})

/** Every answer after the deliveries, after the sweeps and after the rebuild. */
async function toldOver(t: TestContext, { place, remove }: Place): Promise<string[][]> {
  const server = await testServer(t, { database: place }, MORE_FEEDS)
  t.after(remove)
  const { store, clock, heard } = server
  await tellAll(server)
  const told = await everyAnswer(server)
  const sweeper = createSweeper({
    ...{ store, queue: queueOf(store), feeds, configuredFeeds: MORE_FEEDS, reconciliations: [], heard },
    clock: () => clock.nowMs,
    onFault: error => assert.fail(String(error)),
  })
  await sweeper.sweep()
  clock.nowMs += 48 * 3_600_000
  for (const { feedId } of MORE_FEEDS) heard.set(feedId, clock.nowMs)
  await sweeper.sweep()
  const swept = await everyAnswer(server)
  await rebuildAll(store)
  const rebuilt = await everyAnswer(server)
  assert.deepEqual(rebuilt, swept)
  await assertNumbersAgree(server)
  return [told, swept, rebuilt]
}

async function everyAnswer(server: TestServer): Promise<string[]> {
  const events: string[] = []
  for (const { room_sid } of await servedRooms(server)) {
    const paths = (await servedParticipants(server, room_sid)).map(
      one => `/Participants/${one.participant_sid}`,
    )
    for (const path of ['', ...paths]) {
      const { body } = await get(server, `/v1/Video/Rooms/${room_sid}${path}/Events?PageSize=1000`)
      events.push(JSON.stringify(body))
    }
  }
  return [...(await answersOf(server)), ...events]
}

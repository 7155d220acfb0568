import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { differenceOf, readAnswers } from '../crash/answers.ts'
import { type Random, randomFrom } from '../crash/random.ts'
import { temporaryFolder } from '../support/program.ts'
import { newPostgres } from '../support/test-place.ts'
import { type Letter, send } from './letters.ts'
import { addFeeds, type Serving, serveOver } from './serve-over.ts'
import { hotRoom, janusStory, storiesOf } from './stories.ts'
import { deadlocksOf } from './watch.ts'

const SENDERS = 16
const SEED = 7
const PEOPLE = 200

test('two processes that receive the same events at once, twice and in any order, answer as one over SQLite', async t => {
  const reference = await onSqlite(t)
  const { place, servers } = await twoOnPostgres(t)
  const random = randomFrom(SEED)
  const stories = storiesOf(SEED)
  const once = [...stories.map(({ inOrder }) => inOrder), janusStory()]
  await Promise.all(once.map(inOrder => deliver([reference], inOrder, 1)))

  const letters = stories.flatMap(({ mixedUp }) => mixedUp)
  await Promise.all([
    deliver(servers, letters, SENDERS, random),
    // In order, but each group is sent to both processes at once.
    deliver(servers, janusStory(), 1, random),
  ])
  await assertSame(reference, servers)
  assert.equal(await deadlocksOf(place), 0)
  for (const server of servers) assert.equal(server.stderr(), '')
})

test('if hundreds join and leave one room at once through both processes, all are counted', async t => {
  const reference = await onSqlite(t)
  const { place, servers } = await twoOnPostgres(t)
  await deliver([reference], hotRoom(PEOPLE), 1)
  const refused = await deliver(servers, hotRoom(PEOPLE), 64, randomFrom(SEED))
  t.diagnostic(`${refused} deliveries were refused and repeated`)
  await assertSame(reference, servers)
  assert.equal(await deadlocksOf(place), 0)
})

async function onSqlite(t: TestContext): Promise<Serving> {
  const folder = await temporaryFolder(t)
  await addFeeds(folder)
  return await serveOver(t, folder)
}

async function twoOnPostgres(t: TestContext) {
  const { place, remove } = await newPostgres()
  t.after(remove)
  await addFeeds(place)
  return { place, servers: await Promise.all([serveOver(t, place), serveOver(t, place)]) }
}

/**
 * Sends each letter by one of `senders` senders, at random to both servers or twice to one of them. Repeats what is
 * refused as unavailable. Resolves to the number of refusals.
 */
async function deliver(
  servers: readonly Serving[],
  letters: readonly Letter[],
  senders: number,
  random?: Random,
): Promise<number> {
  const waiting = letters.values()
  let refused = 0
  const until200 = async ({ url }: Serving, letter: Letter) => {
    for (;;) {
      const answer = await send(url, letter)
      if (answer?.status === 200) return
      assert.equal(answer?.status, 503, answer?.text)
      refused++
    }
  }
  const sender = async () => {
    for (const letter of waiting) {
      const [one, other] = random?.oneIn(2) ? servers : servers.toReversed()
      const twice = random?.oneIn(3) ? [one, one] : [one, other]
      await Promise.all(twice.map(server => server && until200(server, letter)))
    }
  }
  await Promise.all(Array.from({ length: senders }, sender))
  return refused
}

async function assertSame(reference: Serving, servers: readonly Serving[]): Promise<void> {
  const expected = await readAnswers(reference.url)
  assert.ok(expected.size > 1)
  for (const { url } of servers) assert.equal(differenceOf(expected, await readAnswers(url)), undefined)
}

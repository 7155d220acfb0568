import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Feed } from '../../src/feeds/feed.ts'
import { janus } from '../../src/feeds/janus/index.ts'
import { jitsi } from '../../src/feeds/jitsi/index.ts'
import { tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { AFTER_RECORDING_MS, recording } from '../feeds/janus/recording.ts'
import { type JitsiPayload, jitsiRoom, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { START_SEC } from '../feeds/jitsi/stories.ts'
import { answersOf, assertNumbersAgree } from '../feeds/numbers.ts'
import { servedRooms } from '../feeds/served.ts'
import { answersWithoutSids, ServedPaths } from '../feeds/sids.ts'
import { answersAndEvidence, feedsWith, serverOf, withFeeds } from '../ingest/server-of.ts'
import { naming, oneRoom } from '../ingest/wrong-feeds.ts'
import { rebuildAll } from '../support/rebuild-all.ts'

const [maths, physics] = [jitsiRoom('maths'), jitsiRoom('physics')]
const at = (sec: number) => START_SEC + sec
const stay = (name: string, from: number, to: number) => occupant(name, at(from), at(to))
const [ann, bob, cleo] = [stay('ann', 5, 9), stay('bob', 105, 109), stay('cleo', 6, 8)]

/** Two instances of one room and one of another. */
const STORY: readonly JitsiPayload[] = [
  ...[maths.created(at(0)), maths.joined(ann), maths.left(ann), maths.destroyed(at(0), at(10))],
  ...[physics.created(at(0)), physics.joined(cleo), physics.left(cleo), physics.destroyed(at(0), at(10))],
  ...[maths.created(at(100)), maths.joined(bob), maths.left(bob), maths.destroyed(at(100), at(110))],
]

const swapped = (instance: string) =>
  instance.replace(/maths|physics/, name => (name === 'maths' ? 'physics' : 'maths'))

for (const [what, rename] of Object.entries({
  'in a new way': (instance: string) => `v2 ${instance}`,
  'with the names that other instances had': swapped,
})) {
  test(`a SID that was given out stays in use when the feed names the instances ${what}`, async t => {
    const server = await serverOf(t)
    await tellJitsi(server, ...STORY)
    server.clock.nowMs = AFTER_RECORDING_MS
    await tellJanus(server, ...recording.map(event => JSON.parse(event)))
    const before = await answersAndEvidence(server)
    assert.equal((await servedRooms(server)).length, 3 + 5)
    await rebuildAll(server.store, feedsWith([naming(jitsi, rename), naming(janus, rename)]))
    assert.deepEqual(await answersAndEvidence(server), before)
  })
}

test('a corrected feed separates rooms that were taken for one, under SIDs that later rebuilds keep', async t => {
  const right = await serverOf(t)
  await tellJitsi(right, ...STORY)
  const server = await serverOf(t, [oneRoom])
  await tellJitsi(server, ...STORY)
  const served = new ServedPaths()
  await served.check(server)
  assert.equal((await servedRooms(server)).length, 1)

  await rebuildAll(server.store)
  await served.check(server)
  assert.deepEqual(await answersWithoutSids(server), await answersWithoutSids(right))
  await assertNumbersAgree(server)
  const mended = await answersOf(server)
  const renamed = naming(jitsi, instance => `v2 ${instance}`)
  await rebuildAll(server.store, feedsWith([renamed]))
  assert.deepEqual(await answersOf(server), mended)
  const dan = stay('dan', 106, 108)
  for (const one of [right, await withFeeds(t, server, [renamed])]) {
    await tellJitsi(one, maths.joined(dan), maths.left(dan))
  }
  assert.deepEqual(await answersWithoutSids(server), await answersWithoutSids(right))
  await served.check(server)
})

for (const [what, story] of Object.entries({ before: STORY, after: [...STORY.slice(4, 8), ...STORY] })) {
  test(`a SID that was given to a wrong room never leads to two rooms: the right room comes ${what} it`, async t => {
    const right = await serverOf(t)
    await tellJitsi(right, ...story)
    // Reduces only the payloads of physics, and names their instances like those of maths.
    const named = naming(jitsi, instance => instance.replace('physics', 'maths'))
    const wrong: Feed = {
      ...named,
      reduce: (payload, memory, source) =>
        String(payload.value['room_name']) === 'physics'
          ? named.reduce(payload, memory, source)
          : { events: [], reason: 'It is ignored' },
    }
    const server = await serverOf(t, [wrong])
    await tellJitsi(server, ...story)
    const served = new ServedPaths()
    await served.check(server)
    await rebuildAll(server.store)
    assert.deepEqual(await answersWithoutSids(server), await answersWithoutSids(right))
    await served.check(server)
  })
}

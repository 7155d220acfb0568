import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Feed, Reduced } from '../../src/feeds/feed.ts'
import { janus } from '../../src/feeds/janus/index.ts'
import { jitsi } from '../../src/feeds/jitsi/index.ts'
import { objectOf } from '../../src/feeds/json.ts'
import { livekit } from '../../src/feeds/livekit/index.ts'
import { participantSilent } from '../../src/feeds/observation.ts'
import type { Payload } from '../../src/feeds/payload.ts'
import { janus as janusLab } from '../feeds/janus/janus-events.ts'
import { tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { JITSI_FEED, jitsiRoom, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { START_SEC } from '../feeds/jitsi/stories.ts'
import { answersOf } from '../feeds/numbers.ts'
import { servedParticipants, servedRooms, tell } from '../feeds/served.ts'
import { answersWithoutSids, ServedPaths } from '../feeds/sids.ts'
import { livekitRoom } from '../support/livekit.ts'
import { applyEvents } from '../support/queue-of.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { NOW_MS, type TestServer } from '../support/test-server.ts'
import { answersAndEvidence, feedsWith, serverOf } from './server-of.ts'
import { loud, roomForEach, wrongFeed } from './wrong-feeds.ts'

const START = NOW_MS - 3_600_000
const IGNORED: Reduced = { events: [], reason: 'It is ignored' }

type Tell = (server: TestServer) => Promise<void>

/**
 * Webhooks of two LiveKit rooms: in one room the stays end by leaves and by the end of the room, in one by a leave
 * alone.
 */
async function tellLivekit(server: TestServer): Promise<void> {
  const [hall, lab] = [livekitRoom('hall', START), livekitRoom('lab', START)]
  await tell(server, hall.started(), hall.joined('ann', START + 1000), hall.joined('bob', START + 2000))
  await tell(server, lab.started(), lab.joined('cleo', START + 1000))
  await tell(server, hall.left('ann', START + 1000, START + 60_000), hall.finished(START + 90_000))
  await tell(server, lab.left('cleo', START + 1000, START + 70_000, 'CLIENT_INITIATED'))
}

/** Requests of two Jitsi rooms. One has two instances, and one stay turns out to be in the second. */
async function tellTwoRooms(server: TestServer): Promise<void> {
  const [maths, physics] = [jitsiRoom('maths'), jitsiRoom('physics')]
  const at = (sec: number) => START_SEC + sec
  const stay = (name: string, from: number, to: number) => occupant(name, at(from), at(to))
  const [ann, bob, cleo] = [stay('ann', 100, 120), stay('bob', 5, 40), stay('cleo', 10, 20)]
  await tellJitsi(server, maths.joined(ann), maths.created(at(0)), maths.joined(bob), maths.left(bob))
  await tellJitsi(server, physics.created(at(0)), physics.joined(cleo), physics.left(cleo))
  await tellJitsi(server, maths.destroyed(at(0), at(50), [bob]), maths.created(at(90)))
  await tellJitsi(server, maths.left(ann), physics.destroyed(at(0), at(30), [cleo]))
}

/** Events of a Janus room that is empty for a while, and of two people who use the same id one after another. */
async function tellTwoMeetings(server: TestServer): Promise<void> {
  const lab = janusLab()
  const [ann, ben, cleo] = [lab.person('ann'), lab.person('ben', { id: 7 }), lab.person('cleo', { id: 7 })]
  await tellJanus(server, ann.comes(1), ben.comes(2), ben.publishes(3), ben.goes(20), ann.goes(30))
  await tellJanus(server, cleo.comes(200), cleo.publishes(201), cleo.goes(300))
}

const nameOf = ({ value }: Payload) => value['event'] ?? value['event_name']
const isLivekitLeave = (payload: Payload) => nameOf(payload) === 'participant_left'
const isJitsiLeave = (payload: Payload) => nameOf(payload) === 'muc-occupant-left'
const isJanusLeave = ({ value }: Payload) =>
  objectOf(objectOf(value['event'])?.['data'])?.['event'] === 'leaving'

function aFault(): never {
  throw new TypeError('a fault')
}

const WRONG: Readonly<Record<string, readonly [wrong: Feed, tell: Tell]>> = {
  'LiveKit that reports every identity in upper case': [loud(livekit), tellLivekit],
  'LiveKit that ignores leaves': [wrongFeed(livekit, isLivekitLeave, () => IGNORED), tellLivekit],
  'Jitsi that ignores leaves': [wrongFeed(jitsi, isJitsiLeave, () => IGNORED), tellTwoRooms],
  'Jitsi that fails at leaves': [wrongFeed(jitsi, isJitsiLeave, aFault), tellTwoRooms],
  'Janus that ignores leaves': [wrongFeed(janus, isJanusLeave, () => IGNORED), tellTwoMeetings],
  'Janus that fails at leaves': [wrongFeed(janus, isJanusLeave, aFault), tellTwoMeetings],
}

for (const [what, [wrong, tellStory]] of Object.entries(WRONG)) {
  test(`a rebuild by a corrected feed gives the answers and evidence of a feed that was never wrong: ${what}`, async t => {
    const [right, server] = [await serverOf(t), await serverOf(t, [wrong])]
    for (const one of [right, server]) await tellStory(one)
    const served = new ServedPaths()
    await served.check(server)
    assert.notDeepEqual(await answersAndEvidence(server), await answersAndEvidence(right))
    await rebuildAll(server.store)
    assert.deepEqual(await answersAndEvidence(server), await answersAndEvidence(right))
    await served.check(server)
  })

  test(`a rebuild by a wrong feed loses nothing that a mended one needs: ${what}`, async t => {
    const server = await serverOf(t)
    await tellStory(server)
    const before = await answersAndEvidence(server)
    await rebuildAll(server.store, feedsWith([wrong]))
    assert.notDeepEqual(await answersAndEvidence(server), before)
    await rebuildAll(server.store)
    assert.deepEqual(await answersAndEvidence(server), before)
  })

  test(`a rebuild by a feed that is still wrong changes nothing, and later payloads lead to the same: ${what}`, async t => {
    const [quiet, server] = [await serverOf(t, [wrong]), await serverOf(t, [wrong])]
    for (const one of [quiet, server]) await tellStory(one)
    await rebuildAll(server.store, feedsWith([wrong]))
    assert.deepEqual(await answersAndEvidence(server), await answersAndEvidence(quiet))
    for (const one of [quiet, server]) await tellMore(one)
    assert.deepEqual(await answersAndEvidence(server), await answersAndEvidence(quiet))
  })
}

/** More payloads of every story, whose meaning depends on the earlier ones. */
async function tellMore(server: TestServer): Promise<void> {
  const hall = livekitRoom('hall', START)
  await tell(server, { ...hall.joined('dan', START + 80_000), id: 'EV_more' })
  await tellJitsi(server, jitsiRoom('maths').joined(occupant('dan', START_SEC + 110)))
  const cleo = janusLab().person('cleo', { id: 7 })
  await tellJanus(server, cleo.publishes(299.5), cleo.goes(302))
}

for (const [feed, tellStory] of [[livekit, tellLivekit] as const, [jitsi, tellTwoRooms] as const]) {
  test(`a room that no payload leads to any more is still served, with its participants: ${feed.kind}`, async t => {
    const [right, server] = [await serverOf(t), await serverOf(t, [roomForEach(feed)])]
    for (const one of [right, server]) await tellStory(one)
    const served = new ServedPaths()
    await served.check(server)
    await rebuildAll(server.store)
    await served.check(server)
    const rooms = await answersWithoutSids(server)
    for (const room of await answersWithoutSids(right)) assert.ok(rooms.includes(room), room)
    const answers = await answersAndEvidence(server)
    await rebuildAll(server.store)
    assert.deepEqual(await answersAndEvidence(server), answers)
  })
}

test('an observation makes no stay if no payload leads to that stay any more', async t => {
  const right = await serverOf(t)
  await tellJitsi(right, jitsiRoom('maths').created(START_SEC))
  const isJoin = (payload: Payload) => nameOf(payload) === 'muc-occupant-joined'
  const server = await serverOf(t)
  await tellJitsi(
    server,
    jitsiRoom('maths').created(START_SEC),
    jitsiRoom('maths').joined(occupant('ann', START_SEC)),
  )
  const [room] = await servedRooms(server)
  const [ann] = await servedParticipants(server, room?.room_sid ?? '')
  const { accountSid, feedId, kind: feedKind } = JITSI_FEED
  const silence = { roomSid: room?.room_sid ?? '', participantSid: ann?.participant_sid ?? '' }
  const observed = participantSilent({ ...silence, lastSignMs: START, atMs: NOW_MS, endReason: 'timeout' })
  await applyEvents(server.store, { accountSid, feedId, feedKind, receivedAtMs: NOW_MS }, [observed])
  await rebuildAll(server.store, feedsWith([wrongFeed(jitsi, isJoin, () => IGNORED)]))
  assert.deepEqual(await answersOf(server), await answersOf(right))
})

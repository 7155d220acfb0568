import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNumbersAgree } from '../numbers.ts'
import { type JanusEvent, janus, janusNamed } from './janus-events.ts'
import { janusServer, tell } from './janus-server.ts'
import { staysToldBy } from './told.ts'

type Story = readonly (JanusEvent | readonly JanusEvent[])[]

const LOST = 'connection_lost 53001 (duration_sec end_reason error_code leave_time)'

/** Each story and all stays that it must give. Every `at` is in seconds after 11:00:00. */
const STORIES: Record<string, () => { story: Story; stays: readonly string[] }> = {
  'a leave before the session ends is of the client'() {
    const ann = janus().person('ann')
    const story = [ann.comes(1), ann.publishes(2), ann.goes(61)]
    return { story, stays: ['ann 11:00:01-11:01:01 client_left VP8 (end_reason)'] }
  },
  'a leave after the transport is gone is a lost connection'() {
    const ann = janus().person('ann')
    const stays = ['ann 11:00:01-11:01:01 connection_lost 53001 (end_reason error_code)']
    return { story: [ann.comes(1), ann.closesTab(61)], stays }
  },
  'a leave after the session timed out is a lost connection'() {
    const ann = janus().person('ann')
    const stays = ['ann 11:00:01-11:01:01 connection_lost 53001 (end_reason error_code)']
    return { story: [ann.comes(1), ann.isGivenUp(61)], stays }
  },
  'a kick is a stated reason'() {
    const lab = janus()
    const ann = lab.person('ann')
    const story = [
      ann.comes(1),
      lab.kicked(61, ann.id),
      ann.hangsUp(61.5),
      ann.disconnects(90),
      ann.detaches(90),
    ]
    return { story, stays: ['ann 11:00:01-11:01:01 disconnected_via_api'] }
  },
  'the identity is the opaque id, else the id in the room'() {
    const lab = janus()
    const [ann, ben] = [lab.person('ann'), lab.person('ben', { id: 'native-ben' })]
    const nameless = (events: readonly JanusEvent[]) => events.map(({ opaque_id: _, ...rest }) => rest)
    const joins = nameless([ann.joins(1, { display: 'Ann Lee' }), ben.joins(2, { display: '' })])
    return { story: [joins], stays: ['101 11:00:01-', 'native-ben 11:00:02-'] }
  },
  'the id in the room stands for the identity in any event that has no opaque id'() {
    const { opaque_id: _, ...configures } = janus().person('ann').configures(5)
    return { story: [configures], stays: ['101 11:00:05- (join_time)'] }
  },
  'an id that another person uses later is another stay'() {
    const lab = janus()
    const [ann, ben] = [lab.person('ann', { id: 42 }), lab.person('ben', { id: 42 })]
    const story = [ann.comes(1), ann.goes(10), ben.comes(15), ben.goes(30)]
    const stays = [
      'ann 11:00:01-11:00:10 client_left (end_reason)',
      'ben 11:00:15-11:00:30 client_left (end_reason)',
    ]
    return { story, stays }
  },
  'a join under an id whose leave was lost ends the stay before it'() {
    const lab = janus()
    const [ann, ben] = [lab.person('ann', { id: 42 }), lab.person('ben', { id: 42 })]
    const stays = [`ann 11:00:01-11:00:15 ${LOST}`, 'ben 11:00:15-']
    return { story: [ann.comes(1), ben.comes(15)], stays }
  },
  'the end of the earlier handle does not concern the stay that has the id after it'() {
    const lab = janus()
    const [ann, ben] = [lab.person('ann', { id: 42 }), lab.person('ben', { id: 42 })]
    const later = [ann.hangsUp(16), ann.endsSession(17), ann.disconnects(17), ann.detaches(17)]
    const stays = [`ann 11:00:01-11:00:15 ${LOST}`, 'ben 11:00:15-11:01:00 client_left (end_reason)']
    return { story: [ann.comes(1), ben.comes(15), later, ben.goes(60)], stays }
  },
  'a join by a handle that is in a room as another id ends the stay before it'() {
    const lab = janus()
    const ann = lab.person('ann', { id: 1 })
    const again = lab.plugin(20, { event: 'joined', room: 1234, id: 2, display: 'ann' }, ann.from)
    const stays = [
      'ann 11:00:01-11:00:20 client_left (duration_sec end_reason leave_time)',
      'ann 11:00:20-11:00:30 client_left (end_reason)',
    ]
    return { story: [ann.comes(1), again, lab.leaving(30, 2), ann.detaches(31)], stays }
  },
  'a leave and a join by the same handle give two stays'() {
    const ann = janus().person('ann')
    const stays = [
      'ann 11:00:01-11:00:10 client_left (end_reason)',
      'ann 11:00:12-11:00:30 client_left (end_reason)',
    ]
    return { story: [ann.comes(1), ann.leaves(10), ann.joins(12), ann.goes(30)], stays }
  },
  'a transport id that is used again is another connection'() {
    const lab = janus()
    const transportId = '16173843207650349244'
    const [ann, ben] = [lab.person('ann', { transportId }), lab.person('ben', { transportId })]
    const stays = [
      'ann 11:00:01-11:00:40 client_left (end_reason)',
      'ben 11:00:20-11:00:30 connection_lost 53001 (end_reason error_code)',
    ]
    return { story: [ann.comes(1), ben.comes(20), ben.closesTab(30), ann.goes(40)], stays }
  },
  'a leave without a join is a stay of which only the end is known'() {
    const lab = janus()
    const ann = lab.person('ann')
    const stays = ['ann 11:00:01-', '? -11:00:30']
    return { story: [ann.comes(1), lab.leaving(30, 77)], stays }
  },
  'a kick without a join has its stated reason'() {
    return { story: [janus().kicked(30, 77)], stays: ['? -11:00:30 disconnected_via_api'] }
  },
  'one person who is there twice at the same time has two stays'() {
    const lab = janus()
    const [one, other] = [lab.person('ann'), lab.person('ann')]
    const stays = [
      'ann 11:00:01-11:00:40 client_left (end_reason)',
      'ann 11:00:10-11:00:30 client_left (end_reason)',
    ]
    return { story: [one.comes(1), other.comes(10), other.goes(30), one.goes(40)], stays }
  },
  'a participant who unpublishes and hangs up is still in the room'() {
    const ann = janus().person('ann')
    const story = [ann.comes(1), ann.publishes(2), ann.unpublishes(10), ann.unpublishes(11), ann.hangsUp(12)]
    return { story, stays: ['ann 11:00:01- VP8'] }
  },
  'ids may be strings'() {
    const lab = janus()
    const [ann, ben] = [
      lab.person('ann', { id: 'a-1', room: 'hall|1' }),
      lab.person('ben', { id: 'a|2', room: 'hall' }),
    ]
    const stays = [
      'ann 11:00:01-11:00:30 client_left (end_reason)',
      'ben 11:00:02-11:00:40 client_left (end_reason)',
    ]
    return { story: [ann.comes(1), ben.comes(2), ann.goes(30), ben.goes(40)], stays }
  },
  'a publication without a join begins a stay, whose join is inferred'() {
    const ann = janus().person('ann')
    const stays = ['ann 11:00:05-11:00:30 VP8 (duration_sec join_time)']
    return { story: [ann.publishes(5), ann.goes(30)], stays }
  },
  'where the leave was lost, the end of the handle ends the stay'() {
    const ann = janus().person('ann')
    const [, ...others] = ann.closesTab(30).filter(({ event }) => !JSON.stringify(event).includes('leaving'))
    const stays = [`ann 11:00:01-11:00:30 ${LOST}`]
    return { story: [ann.comes(1), ann.disconnects(30), others], stays }
  },
  'a leave that comes after the end of the handle is the leave of that stay'() {
    const ann = janus().person('ann')
    const stays = ['ann 11:00:01-11:00:30']
    return { story: [ann.comes(1), ann.detaches(29), ann.leaves(30)], stays }
  },
  'a handle that subscribes is no participant'() {
    const lab = janus()
    const [ann, sub] = [lab.person('ann'), lab.person('ann#sub')]
    const streams = [{ type: 'video', feed_id: ann.id, codec: 'vp8' }]
    const asked = lab.plugin(3, { event: 'subscribing', room: 1234, streams, private_id: 7 }, sub.from)
    const given = lab.plugin(4, { event: 'subscribed', room: 1234 }, sub.from)
    return {
      story: [ann.comes(1), sub.attaches(2), asked, given, sub.stats(5), sub.detaches(9)],
      stays: ['ann 11:00:01-'],
    }
  },
  'the same id at two Janus servers is two stays'() {
    const [ann, ben] = [
      janusNamed('one').person('ann', { id: 42 }),
      janusNamed('two').person('ben', { id: 42 }),
    ]
    const stays = ['ann 11:00:01-11:00:30 client_left (end_reason)', 'ben 11:00:02-']
    return { story: [ann.comes(1), ben.comes(2), ann.goes(30)], stays }
  },
}

for (const [name, make] of Object.entries(STORIES)) {
  test(name, async t => {
    const server = await janusServer(t)
    const { story, stays } = make()
    await tell(server, ...story)
    assert.deepEqual(await staysToldBy(server), stays)
    await assertNumbersAgree(server)
  })
}

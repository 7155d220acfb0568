import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNumbersAgree } from '../numbers.ts'
import { type JanusEvent, janus, janusNamed } from './janus-events.ts'
import { janusServer, tell } from './janus-server.ts'
import { staysToldBy } from './told.ts'

type Story = readonly (JanusEvent | readonly JanusEvent[])[]

const LOST = 'connection_lost 53001 (duration_sec end_reason error_code leave_time)'

/** Each story with every stay that it must give. Every `at` is in seconds after 11:00:00. */
const STORIES: Record<string, () => { story: Story; stays: readonly string[] }> = {
  'who says goodbye has left by itself'() {
    const ann = janus().person('ann')
    const story = [ann.comes(1), ann.publishes(2), ann.goes(61)]
    return { story, stays: ['ann 11:00:01-11:01:01 client_left VP8 (end_reason)'] }
  },
  'whose connection closes first was lost'() {
    const ann = janus().person('ann')
    const stays = ['ann 11:00:01-11:01:01 connection_lost 53001 (end_reason error_code)']
    return { story: [ann.comes(1), ann.closesTab(61)], stays }
  },
  'whose session times out was lost'() {
    const ann = janus().person('ann')
    const stays = ['ann 11:00:01-11:01:01 connection_lost 53001 (end_reason error_code)']
    return { story: [ann.comes(1), ann.isGivenUp(61)], stays }
  },
  'who is kicked was removed, and that is stated'() {
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
  'without an opaque id the display name is the identity, without that the id'() {
    const lab = janus()
    const [ann, ben] = [lab.person('ann'), lab.person('ben', { id: 'native-ben' })]
    const nameless = (events: readonly JanusEvent[]) => events.map(({ opaque_id: _, ...rest }) => rest)
    const joins = nameless([ann.joins(1, { display: 'Ann Lee' }), ben.joins(2, { display: '' })])
    return { story: [joins], stays: ['Ann Lee 11:00:01-', 'native-ben 11:00:02-'] }
  },
  'of what leaves the name out nobody is named by their id'() {
    const { opaque_id: _, ...configures } = janus().person('ann').configures(5)
    return { story: [configures], stays: ['? 11:00:05- (join_time)'] }
  },
  'an id that is used again by another is another stay'() {
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
  'what then becomes of the handle of the stay before is nothing to the one that holds the id now'() {
    const lab = janus()
    const [ann, ben] = [lab.person('ann', { id: 42 }), lab.person('ben', { id: 42 })]
    const later = [ann.hangsUp(16), ann.endsSession(17), ann.disconnects(17), ann.detaches(17)]
    const stays = [`ann 11:00:01-11:00:15 ${LOST}`, 'ben 11:00:15-11:01:00 client_left (end_reason)']
    return { story: [ann.comes(1), ben.comes(15), later, ben.goes(60)], stays }
  },
  'who joins again by a handle that was in a room before has left that, wherever it was'() {
    const lab = janus()
    const ann = lab.person('ann', { id: 1 })
    const again = lab.plugin(20, { event: 'joined', room: 1234, id: 2, display: 'ann' }, ann.from)
    const stays = [
      'ann 11:00:01-11:00:20 client_left (duration_sec end_reason leave_time)',
      'ann 11:00:20-11:00:30 client_left (end_reason)',
    ]
    return { story: [ann.comes(1), again, lab.leaving(30, 2), ann.detaches(31)], stays }
  },
  'who leaves and joins again by one handle has two stays'() {
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
  'a kick without a join is stated all the same'() {
    return { story: [janus().kicked(30, 77)], stays: ['? -11:00:30 disconnected_via_api'] }
  },
  'one person twice at once is two stays'() {
    const lab = janus()
    const [one, other] = [lab.person('ann'), lab.person('ann')]
    const stays = [
      'ann 11:00:01-11:00:40 client_left (end_reason)',
      'ann 11:00:10-11:00:30 client_left (end_reason)',
    ]
    return { story: [one.comes(1), other.comes(10), other.goes(30), one.goes(40)], stays }
  },
  'who unpublishes and hangs up is still in the room'() {
    const ann = janus().person('ann')
    const story = [ann.comes(1), ann.publishes(2), ann.unpublishes(10), ann.unpublishes(11), ann.hangsUp(12)]
    return { story, stays: ['ann 11:00:01- VP8'] }
  },
  'ids may be texts'() {
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
  'who publishes without a join was there by then'() {
    const ann = janus().person('ann')
    const stays = ['ann 11:00:05-11:00:30 VP8 (duration_sec join_time)']
    return { story: [ann.publishes(5), ann.goes(30)], stays }
  },
  'a leave that was lost is inferred from the end of the handle'() {
    const ann = janus().person('ann')
    const [, ...others] = ann.closesTab(30).filter(({ event }) => !JSON.stringify(event).includes('leaving'))
    const stays = [`ann 11:00:01-11:00:30 ${LOST}`]
    return { story: [ann.comes(1), ann.disconnects(30), others], stays }
  },
  'a leave that is stated after the handle is gone is the leave of that stay'() {
    const ann = janus().person('ann')
    const stays = ['ann 11:00:01-11:00:30']
    return { story: [ann.comes(1), ann.detaches(29), ann.leaves(30)], stays }
  },
  'a subscriber handle is nobody'() {
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
  'one id at two Janus at once is two stays'() {
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

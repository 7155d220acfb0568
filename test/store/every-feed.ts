import { cloudEvent, postCloudEvents } from '../feeds/events/cloud-events.ts'
import { JAAS_FEED, jaasSession, tellJaas } from '../feeds/jaas/webhooks.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { JANUS_FEED, tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { JITSI_FEED, jitsiRoom, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { tell } from '../feeds/served.ts'
import { postCallback } from '../feeds/twilio/callbacks.ts'
import { livekitRoom } from '../support/livekit.ts'
import { ACCOUNT, NOW_MS, type TestServer } from '../support/test-server.ts'

/** The feeds that a test server does not have by itself. */
export const MORE_FEEDS = [JITSI_FEED, JAAS_FEED, JANUS_FEED]

const START = NOW_MS - 3_600_000

/** Delivers joins, leaves and ends of every feed: in order, late, twice, contradictory, and not understood. */
export async function tellAll(server: TestServer): Promise<void> {
  const room = livekitRoom('x', START)
  const left = room.left('ann', START + 1_000, START + 60_000)
  await tell(server, room.started(), room.joined('ann', START + 1_000), room.joined('bob', START + 2_000))
  await tell(server, left, left, { ...left, more: 'other' }, room.finished(START + 90_000))
  await tell(server, { event: 'unheard_of', id: 'EV_x', createdAt: '1' })
  const at = new Date(START).toISOString()
  const callback = { AccountSid: ACCOUNT, RoomSid: `RM${'1'.repeat(32)}`, RoomName: 'x', Timestamp: at }
  await postCallback(server, { ...callback, StatusCallbackEvent: 'room-created' })
  const data = { room: { key: 'r', name: 'x' }, participant: { key: 'p' } }
  await postCloudEvents(server, [
    cloudEvent('1', 'participant.joined', at, data),
    cloudEvent('2', 'participant.joined', at, { ...data, room: { key: 's' } }),
  ])
  const jaas = jaasSession('s')
  await tellJaas(
    server,
    jaas.created(0),
    jaas.joined('ann', 1_000),
    jaas.left('ann', 9_000),
    jaas.destroyed(9_500),
  )
  await tellJitsi(server, ...movedStory())
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben')]
  await tellJanus(server, ann.comes(1), ben.comes(2), ann.publishes(3), ann.goes(60), ann.goes(60))
}

/** A stay that is received before the creation of its room, and then moves to that room. */
function movedStory() {
  const sec = START / 1000
  const room = jitsiRoom('maths')
  const ann = occupant('ann', sec + 100)
  return [
    room.joined(ann),
    room.created(sec),
    room.destroyed(sec, sec + 50),
    room.created(sec + 90),
    room.left({ ...ann, left_at: sec + 120 }),
  ]
}

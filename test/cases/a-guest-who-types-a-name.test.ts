import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jaasServer, jaasSession, tellJaas } from '../feeds/jaas/webhooks.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { janusServer, tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { jitsiRoom, jitsiServer, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { assertNumbersAgree } from '../feeds/numbers.ts'
import { allStored, assertShows, servedParticipants, servedRooms } from '../feeds/served.ts'
import { NOW_MS, type TestServer } from '../support/test-server.ts'

/**
 * Alice has an account. A guest types "Alice" and her e-mail address, and another guest types the same: these are three
 * identities, and the name is only shown.
 */
const SEC = NOW_MS / 1000 - 600

test('Jitsi: a guest is known by the JID, whatever name and e-mail address were typed', async t => {
  const server = await jitsiServer(t)
  const room = jitsiRoom('catchup')
  // event_sync fills `name` and `email` from the presence of a guest since pull request 56 (June 2026).
  const typed = { name: 'Alice', email: 'alice@acme.test' }
  const occupants = [
    { occupant_jid: '14f01c40-5195@meet.test/OWhl8jSh', joined_at: SEC, id: 'user-1', ...typed },
    { occupant_jid: '2b7c-guest-1@meet.test/aaaa', joined_at: SEC + 1, ...typed },
    { occupant_jid: '3c8d-guest-2@meet.test/bbbb', joined_at: SEC + 2, ...typed },
  ]
  await tellJitsi(server, room.created(SEC - 1), ...occupants.map(room.joined))
  assert.deepEqual(await namesIn(server), [
    ['user-1', 'Alice'],
    ['2b7c-guest-1@meet.test', 'Alice'],
    ['3c8d-guest-2@meet.test', 'Alice'],
  ])
  assert.doesNotMatch(await allStored(server), /alice@acme/)
})

test('Jitsi: somebody who logs in to prosody without a JWT is one identity on two devices', async t => {
  const server = await jitsiServer(t)
  const room = jitsiRoom('catchup')
  const devices = ['phone', 'laptop'].map((resource, index) => ({
    ...{ occupant_jid: `kim@meet.test/${resource}`, joined_at: SEC + index },
  }))
  await tellJitsi(server, room.created(SEC - 1), ...devices.map(room.joined))
  assertShows((await servedRooms(server))[0], { unique_participants: 2, unique_participant_identities: 1 })
})

test('Jitsi: callers through one Jigasi account are known by their full JIDs', async t => {
  const server = await jitsiServer(t)
  const room = jitsiRoom('catchup')
  const callers = ['first', 'second'].map((resource, index) => ({
    ...{
      occupant_jid: `jigasi@auth.meet.test/${resource}`,
      joined_at: SEC + index,
      name: '+44 20 7946 0000',
    },
  }))
  await tellJitsi(server, room.created(SEC - 1), ...callers.map(room.joined))
  assert.deepEqual(await namesIn(server), [
    ['jigasi@auth.meet.test/first', '+44 20 7946 0000'],
    ['jigasi@auth.meet.test/second', '+44 20 7946 0000'],
  ])
})

test('JaaS: the name is what was typed before joining, and only the id of the JWT is an identity', async t => {
  const server = await jaasServer(t)
  const session = jaasSession('c3348153-1027-4382-afad-5ae91b433c26')
  const typed = { name: 'Alice', email: 'alice@acme.test' }
  await tellJaas(
    server,
    session.sent('PARTICIPANT_JOINED', 0, { ...typed, id: 'user-1', participantJid: '3988218d@8x8.vc' }),
    session.sent('PARTICIPANT_JOINED', 1_000, { ...typed, participantJid: '10a78ee2@8x8.vc' }),
    session.sent('PARTICIPANT_JOINED', 2_000, { ...typed, participantJid: '92b9a1d6@8x8.vc' }),
  )
  assert.deepEqual(await namesIn(server), [
    ['user-1', 'Alice'],
    ['10a78ee2@8x8.vc', 'Alice'],
    ['92b9a1d6@8x8.vc', 'Alice'],
  ])
  assert.doesNotMatch(await allStored(server), /alice@acme/)
})

test('Janus: the display is what was typed; the identity is the opaque id, else the id in the room', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [account, guest, another] = ['user-1', 'x', 'y'].map(name => lab.person(name))
  const withoutOpaqueId = ({ opaque_id: _, ...event }: Readonly<Record<string, unknown>>) => event
  const display = 'Alice'
  await tellJanus(
    server,
    account?.joins(1, { display }) ?? {},
    withoutOpaqueId(guest?.joins(2, { display }) ?? {}),
    withoutOpaqueId(another?.joins(3, { display }) ?? {}),
  )
  assert.deepEqual(await namesIn(server), [
    ['user-1', 'Alice'],
    ['102', 'Alice'],
    ['103', 'Alice'],
  ])
})

/** The identity and the display name of each participant of the only room, by join. */
async function namesIn(server: TestServer) {
  const [room, ...others] = await servedRooms(server)
  assert.ok(room !== undefined && others.length === 0)
  await assertNumbersAgree(server)
  const people = await servedParticipants(server, room.room_sid)
  return people.map(one => [one.participant_identity, one.properties.display_name])
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ordersOf } from '../feeds/arrivals.ts'
import { jaasServer, jaasSession, tellJaas } from '../feeds/jaas/webhooks.ts'
import { janus } from '../feeds/janus/janus-events.ts'
import { janusServer, tell as tellJanus } from '../feeds/janus/janus-server.ts'
import { jitsiRoom, jitsiServer, occupant, tellJitsi } from '../feeds/jitsi/event-sync.ts'
import { assertNumbersAgree, forgetRooms } from '../feeds/numbers.ts'
import { assertShows, servedParticipants, servedRooms } from '../feeds/served.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { NOW_MS, type TestServer } from '../support/test-server.ts'

/**
 * Kim has an id, her connection breaks, and the leave that the server sends then lacks the id. Both of her stays must
 * keep it, whatever comes first: what only stands for an identity never replaces a stated one.
 */
const JID = '3988218d-a6ef-40cf-8b1b-f5097f46fbf7@8x8.vc'
const session = jaasSession('c3348153-1027-4382-afad-5ae91b433c26')
const kim = { participantJid: JID, participantId: '3988218d', isBreakout: false }
const user = { moderator: 'false', name: 'Kim', email: 'kim@acme.test', id: 'user-7' }

/** JaaS sends what the JWT says only while it has the connection of the participant. */
const JAAS = {
  joined: session.sent('PARTICIPANT_JOINED', 1_000, { ...user, ...kim }),
  lost: session.sent('PARTICIPANT_LEFT', 30_000, { ...kim, disconnectReason: 'unknown' }),
  joinedAgain: session.sent('PARTICIPANT_JOINED', 35_000, { ...user, ...kim }),
  left: session.sent('PARTICIPANT_LEFT', 60_000, { ...kim, disconnectReason: 'left' }),
}

test('JaaS: both stays keep the id of the JWT, in every order and after a rebuild', async t => {
  const server = await jaasServer(t)
  for (const order of ordersOf(Object.values(JAAS))) {
    await forgetRooms(server)
    for (const payload of order) {
      await tellJaas(server, payload)
      await assertNumbersAgree(server)
    }
    const shown = await onlyRoom(server)
    assert.equal(shown.room.unique_participant_identities, 1)
    assert.deepEqual(
      shown.people.map(one => [one.participant_identity, one.properties.display_name, one.end_reason]),
      [
        ['user-7', 'Kim', 'connection_lost'],
        ['user-7', 'Kim', 'client_left'],
      ],
    )
    await rebuildAll(server.store)
    assert.deepEqual(await onlyRoom(server), shown)
  }
})

test('JaaS: a leave alone does not show whether there is an id, so that the identity is null until a join comes', async t => {
  const server = await jaasServer(t)
  await tellJaas(server, JAAS.lost)
  const alone = await onlyRoom(server)
  assertShows(alone.people[0], { participant_identity: null, properties: { native_participant_sid: JID } })
  assertShows(alone.room, { unique_participants: 1, unique_participant_identities: 0 })
  await tellJaas(server, session.sent('PARTICIPANT_JOINED', 1_000, { ...kim, name: 'Kim' }))
  const guest = await onlyRoom(server)
  assertShows(guest.people[0], { participant_identity: JID })
  assertShows(guest.room, { unique_participants: 1, unique_participant_identities: 1 })
})

test('JaaS: an id that only the leave states replaces the JID', async t => {
  const server = await jaasServer(t)
  const joined = session.sent('PARTICIPANT_JOINED', 1_000, { ...kim, name: 'Kim' })
  const left = session.sent('PARTICIPANT_LEFT', 30_000, { ...user, ...kim, disconnectReason: 'left' })
  for (const order of ordersOf([joined, left])) {
    await forgetRooms(server)
    await tellJaas(server, ...order)
    assert.deepEqual(
      (await onlyRoom(server)).people.map(one => one.participant_identity),
      ['user-7'],
    )
    await assertNumbersAgree(server)
  }
})

test('Jitsi: a leave without the id of the JWT does not replace it by the JID', async t => {
  const server = await jitsiServer(t)
  const room = jitsiRoom('catchup')
  const sec = NOW_MS / 1000 - 600
  const joined = room.joined(occupant('kim', sec))
  const left = room.left(occupant('kim', sec, sec + 30, { id: undefined }))
  for (const order of ordersOf([room.created(sec - 1), joined, left])) {
    await forgetRooms(server)
    await tellJitsi(server, ...order)
    const shown = await onlyRoom(server)
    assert.deepEqual(
      shown.people.map(one => one.participant_identity),
      ['kim'],
    )
    await assertNumbersAgree(server)
  }
})

test('Janus: an event without the opaque id does not replace it by the id in the room', async t => {
  const server = await janusServer(t)
  const kimHere = janus().person('kim')
  const { opaque_id: _, ...publishes } = kimHere.publishes(2)
  await tellJanus(server, kimHere.joins(1), publishes)
  const shown = await onlyRoom(server)
  assert.deepEqual(
    shown.people.map(one => one.participant_identity),
    ['kim'],
  )
  await assertNumbersAgree(server)
})

async function onlyRoom(server: TestServer) {
  const [room, ...others] = await servedRooms(server)
  assert.ok(room !== undefined && others.length === 0)
  return { room, people: await servedParticipants(server, room.room_sid) }
}

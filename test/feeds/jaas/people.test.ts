import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { get } from '../../support/test-server.ts'
import { servedParticipants, servedRooms } from '../served.ts'
import { jaasServer, jaasSession, tellJaas } from './webhooks.ts'

const main = jaasSession('session')
const JID = 'ann-jid@stage.8x8.vc'

/** What JaaS sends about a participant, and the identity that follows. */
const IDENTITIES = [
  [{ id: '42' }, '42', 'ann'],
  [{ id: undefined }, 'ann@acme.test', 'ann'],
  [{ id: '', email: '' }, 'ann', 'ann'],
  [{ id: undefined, email: undefined, name: undefined }, JID, null],
] as const

test('the identity is the id, else the e-mail, else the name, else the JID, also after a rebuild', async t => {
  for (const [more, identity, displayName] of IDENTITIES) {
    const server = await jaasServer(t)
    await tellJaas(server, main.joined('ann', 0, more))
    const [room] = await servedRooms(server)
    const roomSid = room?.room_sid ?? ''
    const [ann] = await servedParticipants(server, roomSid)
    assert.deepEqual([ann?.participant_identity, ann?.properties.display_name], [identity, displayName])
    await rebuildAll(server.store)
    assert.deepEqual(await servedParticipants(server, roomSid), [ann])
    const { events } = (await get(server, `/v1/Video/Rooms/${roomSid}/Events`)).body
    assert.equal(events[0].native.data.email, undefined, 'the evidence shows no e-mail address')
    assert.equal(ann?.properties.native_participant_sid, JID)
  }
})

test('a join without a JID is evidence of the room alone', async t => {
  const server = await jaasServer(t)
  await tellJaas(server, main.created(0))
  await tellJaas(server, main.joined('ann', 0, { participantJid: undefined }))
  const [room] = await servedRooms(server)
  assert.deepEqual(await servedParticipants(server, room?.room_sid ?? ''), [])
})

test('isBreakout may be a text; a breakout without an id counts as the session itself', async t => {
  const server = await jaasServer(t)
  const breakouts = [
    { isBreakout: 'true', breakoutRoomId: 'b1' },
    { isBreakout: true, breakoutRoomId: 'b2' },
    { isBreakout: 'false', breakoutRoomId: 'b3' },
    { isBreakout: true, breakoutRoomId: undefined },
  ]
  for (const [index, breakout] of breakouts.entries()) {
    await tellJaas(server, main.joined('ann', index * 1000, breakout))
  }
  const rooms = (await servedRooms(server)).map(({ properties }) => [
    ...[properties.native_room_sid, properties.breakout_of],
  ])
  assert.deepEqual(rooms.sort(), [
    ['session', null],
    ['session/b1', 'session'],
    ['session/b2', 'session'],
  ])
})

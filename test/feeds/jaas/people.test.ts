import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rebuildAll } from '../../support/rebuild-all.ts'
import { rowsOf, servedParticipants, servedRooms } from '../served.ts'
import { jaasServer, jaasSession, tellJaas } from './webhooks.ts'

const main = jaasSession('session')
const JID = 'ann-jid@stage.8x8.vc'

/** What JaaS sends about a participant, and the identity and the display name that follow. */
const IDENTITIES = [
  [{ id: '42' }, '42', 'ann'],
  [{ id: undefined }, JID, 'ann'],
  [{ id: '', email: '' }, JID, 'ann'],
  [{ id: undefined, email: undefined, name: undefined }, JID, null],
] as const

test('the identity is the id, else the JID, also after a rebuild; no e-mail address is stored', async t => {
  for (const [more, identity, displayName] of IDENTITIES) {
    const server = await jaasServer(t)
    await tellJaas(server, main.joined('ann', 0, more))
    const [room] = await servedRooms(server)
    const roomSid = room?.room_sid ?? ''
    const [ann] = await servedParticipants(server, roomSid)
    assert.deepEqual([ann?.participant_identity, ann?.properties.display_name], [identity, displayName])
    await rebuildAll(server.store)
    assert.deepEqual(await servedParticipants(server, roomSid), [ann])
    for (const { native } of await rowsOf(server, 'select native from events')) {
      assert.doesNotMatch(String(native), /email|@acme/)
    }
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

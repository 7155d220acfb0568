import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ordersOf } from '../feeds/arrivals.ts'
import { type JaasPayload, jaasServer, jaasSession, START_MS, tellJaas } from '../feeds/jaas/webhooks.ts'
import { assertNumbersAgree, forgetRooms } from '../feeds/numbers.ts'
import { assertShows, rowsOf, servedParticipants, servedRooms } from '../feeds/served.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { get, type TestServer } from '../support/test-server.ts'

/**
 * Somebody calls into a meeting by phone, and somebody else is called by SIP. JaaS tells of them by the events of calls,
 * and not by PARTICIPANT_JOINED and PARTICIPANT_LEFT: each call is a stay of kind `sip`.
 * The data is that of 8x8's documentation: 8x8Cloud/public-developer-docs, docs/jaas/docs/webhooks-payload.md.
 */
const session = jaasSession('c808aef2-9bb0-4328-ae1a-dd8bac4dbc66')
const phone = {
  participantJid: '47bc002e-3473-4e39-8001-c487e0622542@stage.8x8.vc',
  participantId: '47bc002e',
}
const NICK = '40364630871 (+40364630871)'
const sip = { participantJid: '92b9a1d6-9339-4f42-b51e-a190a386140b@stage.8x8.vc', participantId: '10a78ee2' }
const ADDRESS = 'sip:username@somesipprovider.com'

const created = session.created(0)
const destroyed = session.destroyed(90_000)
const dialsIn = (atMs: number, more: object = {}) =>
  session.sent('DIAL_IN_STARTED', atMs, { direction: 'in', nick: NICK, ...phone, ...more })
const hangsUp = (atMs: number, more: object = {}) =>
  session.sent('DIAL_IN_ENDED', atMs, { ...phone, ...more })

test('a call by phone is one stay of kind sip, in every order and after a rebuild', async t => {
  const server = await jaasServer(t)
  for (const order of ordersOf([created, dialsIn(1_000), hangsUp(61_000), destroyed])) {
    const [caller, ...others] = await peopleAfter(server, order)
    assert.equal(others.length, 0)
    assertShows(caller, {
      ...{
        participant_identity: phone.participantJid,
        join_time: at(1),
        leave_time: at(61),
        duration_sec: 60,
      },
      ...{ status: 'completed', end_reason: null, error_code: null },
      properties: {
        ...{ kind: 'sip', display_name: NICK, native_participant_sid: phone.participantJid, inferred: [] },
      },
    })
  }
  const before = await people(server)
  await rebuildAll(server.store)
  assert.deepEqual(await people(server), before)
})

/** How each kind of call begins, and how it ends with the reason that 8x8's servers add to it. */
const CALLS = [
  ['DIAL_IN', { direction: 'in', nick: NICK, ...phone }, {}, NICK, null],
  ['DIAL_OUT', { direction: 'out', nick: NICK, ...phone }, { disconnectReason: 'left' }, NICK, 'client_left'],
  [
    ...(['SIP_CALL_IN', { sipAddress: ADDRESS, nick: 'nickname', ...sip }] as const),
    ...([{ disconnectReason: 'kicked' }, 'nickname', 'disconnected_via_api'] as const),
  ],
  [
    ...(['SIP_CALL_OUT', { sipAddress: ADDRESS, ...sip }] as const),
    ...([{ disconnectReason: 'unknown' }, ADDRESS, 'connection_lost'] as const),
  ],
] as const

for (const [type, begins, ends, displayName, endReason] of CALLS) {
  test(`${type}_STARTED begins a stay and ${type}_ENDED ends it`, async t => {
    const server = await jaasServer(t)
    const { participantJid, participantId } = begins
    const started = session.sent(`${type}_STARTED`, 1_000, begins)
    const ended = session.sent(`${type}_ENDED`, 11_000, { participantJid, participantId, ...ends })
    const shown = await peopleAfter(server, [created, started, ended])
    assert.deepEqual(
      shown.map(({ duration_sec, end_reason, properties: { kind, display_name } }) => [
        ...[kind, display_name, duration_sec, end_reason],
      ]),
      [['sip', displayName, 10, endReason]],
    )
  })
}

test('two callers at once through one Jigasi are two stays, told apart by the full JID', async t => {
  const server = await jaasServer(t)
  const [first, second] = ['aaaa', 'bbbb'].map(resource => ({
    participantFullJid: `${phone.participantJid}/${resource}`,
  }))
  const told = [created, dialsIn(1_000, first), dialsIn(5_000, second), hangsUp(9_000, first)]
  for (const order of ordersOf(told)) {
    const shown = await peopleAfter(server, order)
    assert.deepEqual(
      shown.map(one => [one.participant_identity, one.join_time, one.leave_time]),
      [
        [first?.participantFullJid, at(1), at(9)],
        [second?.participantFullJid, at(5), null],
      ],
    )
  }
})

test('a caller who calls again by the same JID has two stays', async t => {
  const server = await jaasServer(t)
  for (const order of ordersOf([dialsIn(1_000), hangsUp(9_000), dialsIn(20_000), hangsUp(30_000)])) {
    const shown = await peopleAfter(server, order)
    assert.deepEqual(
      shown.map(one => [one.join_time, one.leave_time, one.properties.kind]),
      [
        [at(1), at(9), 'sip'],
        [at(20), at(30), 'sip'],
      ],
    )
  }
})

test('if the end of a call was lost, it ends with the room; if its begin was lost, only its end is known', async t => {
  const server = await jaasServer(t)
  const [open] = await peopleAfter(server, [created, dialsIn(1_000), destroyed])
  assertShows(open, { leave_time: at(90), end_reason: 'room_ended' })
  assert.ok(open?.properties.inferred.includes('leave_time'))
  const [ended] = await peopleAfter(server, [created, hangsUp(61_000)])
  assertShows(ended, {
    ...{ join_time: null, leave_time: at(61), duration_sec: null, participant_identity: null },
    properties: { kind: 'sip', display_name: null },
  })
})

test('a call in a breakout is a stay of the breakout', async t => {
  const server = await jaasServer(t)
  await peopleAfter(server, [dialsIn(1_000, { isBreakout: true, breakoutRoomId: 'b1' })])
  assertShows((await servedRooms(server))[0], {
    properties: { breakout_of: 'c808aef2-9bb0-4328-ae1a-dd8bac4dbc66' },
  })
})

test('the evidence shows the number and the SIP address of a caller like other names', async t => {
  const server = await jaasServer(t)
  await peopleAfter(server, [
    created,
    session.sent('SIP_CALL_IN_STARTED', 1_000, { sipAddress: ADDRESS, nick: NICK, ...sip }),
  ])
  const [room] = await servedRooms(server)
  const { body } = await get(server, `/v1/Video/Rooms/${room?.room_sid}/Events`)
  const told = body.events.find(({ kind }: { kind: string }) => kind === 'participant.joined')
  assertShows(told.native.data, { sipAddress: ADDRESS, nick: NICK })
  assert.equal((await rowsOf(server, 'select 1 from events')).length, 2)
})

async function peopleAfter(server: TestServer, payloads: readonly JaasPayload[]) {
  await forgetRooms(server)
  for (const payload of payloads) {
    await tellJaas(server, payload)
    await assertNumbersAgree(server)
  }
  return await people(server)
}

async function people(server: TestServer) {
  const [room, ...others] = await servedRooms(server)
  assert.ok(room !== undefined && others.length === 0)
  return await servedParticipants(server, room.room_sid)
}

/** The moment so many seconds after the start, as a record shows it. */
function at(sec: number): string {
  return new Date(START_MS + sec * 1000).toISOString().replace('.000Z', 'Z')
}

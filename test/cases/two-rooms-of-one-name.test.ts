import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../src/event.ts'
import { participantSid, roomSid as roomSidOf } from '../../src/sid.ts'
import { rowsOf, servedParticipants, servedRoom, tell } from '../feeds/served.ts'
import { sweeperOf } from '../ingest/sweep/sweeper-of.ts'
import { livekitRoom } from '../support/livekit.ts'
import { applyEvents } from '../support/queue-of.ts'
import { rebuildAll } from '../support/rebuild-all.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../support/test-server.ts'

/**
 * Two LiveKit clusters share a key, and each has an open room of one name. Rollcall infers that the older room is over,
 * and takes that back once somebody shows a sign of presence there; what it infers is always undone by a later sign.
 */
const START = NOW_MS - 600_000

const first = livekitRoom('standup', START, 'RM_first')
const second = livekitRoom('standup', START + 60_000, 'RM_second')

async function shown(server: TestServer) {
  const lines = []
  for (const sid of ['RM_first', 'RM_second']) {
    const people = await servedParticipants(server, sid)
    const stays = people.map(one => `${one.participant_identity} ${one.end_reason ?? 'is in the room'}`)
    lines.push(`${(await servedRoom(server, sid)).room_status}: ${stays.join(', ')}`)
  }
  return lines
}

async function sweepLater(server: TestServer, laterMs: number) {
  server.clock.nowMs += laterMs
  await sweeperOf(server).sweep()
}

test('LiveKit: a join in the older room shows that it is in progress, and so it stays', async t => {
  const server = await testServer(t)
  await tell(server, first.started(), first.joined('ann', START + 1000))
  await tell(server, second.started(), second.joined('bob', START + 61_000))
  await sweepLater(server, 61_000)
  assert.deepEqual(await shown(server), ['completed: ann server_crash', 'in_progress: bob is in the room'])

  await tell(server, first.joined('cat', START + 120_000))
  assert.deepEqual(await shown(server), [
    'in_progress: ann is in the room, cat is in the room',
    'in_progress: bob is in the room',
  ])
  await sweepLater(server, 600_000)
  await rebuildAll(server.store)
  assert.deepEqual(await shown(server), [
    'in_progress: ann is in the room, cat is in the room',
    'in_progress: bob is in the room',
  ])
})

test('LiveKit: a room with a sign after the later room was created is not over', async t => {
  const server = await testServer(t)
  await tell(server, first.started(), first.joined('ann', START + 1000), second.started())
  await tell(server, first.joined('cat', START + 120_000))
  await sweepLater(server, 600_000)
  assert.deepEqual(await shown(server), [
    'in_progress: ann is in the room, cat is in the room',
    'in_progress: ',
  ])
  assert.deepEqual(await rowsOf(server, `select 1 from events where body like '%room_superseded%'`), [])
})

test('LiveKit: a third room of the name ends the older ones again, if they are silent since', async t => {
  const server = await testServer(t)
  await tell(server, first.started(), second.started(), first.joined('cat', START + 120_000))
  const third = livekitRoom('standup', START + 300_000, 'RM_third')
  await tell(server, third.started())
  await sweepLater(server, 61_000)
  assert.deepEqual(await shown(server), ['completed: cat server_crash', 'completed: '])
})

test('a track after the connection was gone shows the participant in the room, until it is gone again', async t => {
  const server = await testServer(t)
  const roomSid = roomSidOf(ACCOUNT, 'livekit', 'RM_first')
  const ann = participantSid(roomSid, 'PA_ann')
  const from = { accountSid: ACCOUNT, feedId: 'FDany', feedKind: 'livekit', receivedAtMs: NOW_MS }
  const event = (kind: 'joined' | 'gone' | 'track', sec: number): Event => {
    const common = { key: `${kind} ${sec}`, atMs: START + sec * 1000, roomSid, room: {} }
    const ofAnn = { ...common, participantSid: ann, participant: { nativeKey: 'PA_ann', identity: 'ann' } }
    if (kind === 'joined') return { kind: 'participant.joined', ...ofAnn }
    if (kind === 'gone')
      return { kind: 'observation.participant_gone', ...ofAnn, endReason: 'connection_lost' }
    return { kind: 'track.published', ...ofAnn, track: { key: 'TR_1', kind: 'audio' } }
  }
  const ending = async () => {
    const [one] = await servedParticipants(server, roomSid)
    return [one?.leave_time, one?.end_reason]
  }
  await applyEvents(server.store, from, [event('joined', 0), event('gone', 10)])
  assert.deepEqual(await ending(), ['2026-03-01T11:50:10Z', 'connection_lost'])
  await applyEvents(server.store, from, [event('track', 20)])
  assert.deepEqual(await ending(), [null, null])
  await applyEvents(server.store, from, [event('gone', 40), event('gone', 30)])
  assert.deepEqual(await ending(), ['2026-03-01T11:50:30Z', 'connection_lost'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNumbersAgree } from '../numbers.ts'
import { rowsOf } from '../served.ts'
import { janus, janusNamed, START_MS } from './janus-events.ts'
import { janusServer, tell } from './janus-server.ts'
import { roomsByStart, staysToldBy, toldBy } from './told.ts'

const WITH_SERVER = '(duration_sec end_reason leave_time)'
const OF_LOST_STAYS =
  'concurrent_participants create_time duration_sec end_time total_participant_duration_sec'

test('after a start without a shutdown, stays before it end with the last event of that Janus', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [ann, ben, cleo] = [lab.person('ann'), lab.person('ben', { room: 5001 }), lab.person('cleo')]
  await tell(server, lab.started(0), ann.comes(1), lab.created(2, 5001), ben.comes(3), ben.stats(65))
  await tell(server, lab.started(600), cleo.comes(620), cleo.goes(630))
  await server.sweepAt(START_MS + 700_000)
  assert.deepEqual(await toldBy(server), [
    `room 1234 11:00:01-11:01:05 (${OF_LOST_STAYS})`,
    `  ann 11:00:01-11:01:05 server_crash ${WITH_SERVER}`,
    'room 5001 11:00:02-11:01:05 (concurrent_participants duration_sec end_time total_participant_duration_sec)',
    `  ben 11:00:03-11:01:05 server_crash ${WITH_SERVER}`,
    'room 1234 11:10:20-11:10:30 (create_time duration_sec end_time)',
    '  cleo 11:10:20-11:10:30 client_left (end_reason)',
  ])
  await assertNumbersAgree(server)
})

test('a crash ends no stay of a room that was empty before it', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const ann = lab.person('ann')
  await tell(server, ann.comes(1), ann.goes(30), lab.event(40, 4, { event: {} }), lab.started(600))
  assert.deepEqual(await toldBy(server), [
    'room 1234 11:00:01-11:00:30 (create_time duration_sec end_time)',
    '  ann 11:00:01-11:00:30 client_left (end_reason)',
  ])
})

test('a leave after a shutdown has the reason server_shutdown, also if no other event of the participant came', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben')]
  await tell(server, ann.comes(1), lab.stopped(60), ann.closesTab(60.1), lab.leaving(60.5, 77))
  await server.sweepAt(START_MS + 100_000)
  await tell(server, lab.started(70), ben.comes(75), ben.goes(80))
  await server.sweepAt(START_MS + 200_000)
  assert.deepEqual(await toldBy(server), [
    'room 1234 11:00:01-11:01:00 (concurrent_participants create_time duration_sec end_time total_participant_duration_sec)',
    '  ann 11:00:01-11:01:00 server_shutdown (end_reason)',
    '  ? -11:01:00 server_shutdown (end_reason)',
    'room 1234 11:01:15-11:01:20 (create_time duration_sec end_time)',
    '  ben 11:01:15-11:01:20 client_left (end_reason)',
  ])
  await assertNumbersAgree(server)
  const [room] = await roomsByStart(server)
  const noticed = await rowsOf(
    server,
    `select body from events where body like '%observation.%' and room_sid = '${room?.room_sid}' order by at_ms`,
  )
  const words = noticed.map(({ body }) => JSON.parse(String(body)))
  assert.deepEqual(
    words.filter(({ kind }) => kind !== 'observation.participant_gone').map(({ endReason }) => endReason),
    ['server_shutdown'],
    'it is told neither to be empty nor to have crashed',
  )
})

test('after a shutdown, a session, a handle or a join shows that Janus started again', async t => {
  const server = await janusServer(t)
  const lab = janus()
  const [ann, ben] = [lab.person('ann'), lab.person('ben')]
  await tell(server, ann.comes(1), lab.stopped(60), ann.closesTab(60.1), ben.comes(65), ben.goes(90))
  await server.sweepAt(START_MS + 200_000)
  assert.deepEqual(await toldBy(server), [
    'room 1234 11:00:01-11:01:00 (create_time duration_sec end_time)',
    '  ann 11:00:01-11:01:00 server_shutdown (end_reason)',
    'room 1234 11:01:05-11:01:30 (create_time duration_sec end_time)',
    '  ben 11:01:05-11:01:30 client_left (end_reason)',
  ])
})

test('the crash or shutdown of one Janus does not concern another of the same feed', async t => {
  const server = await janusServer(t)
  const [one, two, three] = [janusNamed('one'), janusNamed('two'), janusNamed('one|two')]
  const [ann, ben, cleo] = [one.person('ann'), two.person('ben'), three.person('cleo')]
  await tell(server, ann.comes(1), ben.comes(2), cleo.comes(3), one.started(60), two.stopped(61))
  assert.deepEqual(await staysToldBy(server), [
    `ann 11:00:01-11:00:01 server_crash ${WITH_SERVER}`,
    `ben 11:00:02-11:01:01 server_shutdown ${WITH_SERVER}`,
    'cleo 11:00:03-',
  ])
  await tell(server, two.started(62), cleo.goes(90))
  assert.equal((await staysToldBy(server))[2], 'cleo 11:00:03-11:01:30 client_left (end_reason)')
})

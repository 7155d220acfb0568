import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get } from '../../support/test-server.ts'
import { allStored, deliveriesOf, servedParticipants, servedRooms } from '../served.ts'
import { janus } from './janus-events.ts'
import { JANUS_PASSWORD, JANUS_TOKEN, type JanusTestServer, janusServer, post, tell } from './janus-server.ts'
import { LONG_AFTER_RECORDING_MS, recording } from './recording.ts'

/** Addresses in the recording: of people and of the server, in session descriptions, candidates and pairs. */
const ADDRESSES = [
  '10.99.0.1',
  '127.0.0.1',
  '0.0.0.0',
  'typ host',
  'typ prflx',
  'a=ice-ufrag',
  'a=fingerprint',
]

test('no address, session description, candidate or token is on disk, in the log or in the evidence', async t => {
  const server = await janusServer(t, LONG_AFTER_RECORDING_MS)
  const sent = recording.join('\n')
  for (const address of ADDRESSES) assert.ok(sent.includes(address), `${address} is in the recording`)
  assert.equal((await post(server, `[${recording.join(',')}]`)).statusCode, 200)
  const ann = janus().person('ann')
  const jsep = { type: 'offer', sdp: 'v=0 hidden-sdp' }
  await tell(
    server,
    ann.joins(1, { token: 'hidden-token', metadata: { seat: 'shown-seat', pin_secret: 'hidden-pin' } }),
  )
  await tell(server, janus().event(2, 8, { ...ann.from, event: { owner: 'remote', jsep } }))
  await tell(
    server,
    janus().event(3, 128, { event: { id: '1', data: { event: 'connected', ip: 'hidden-ip' } } }),
  )

  const evidence = await evidenceOf(server)
  assert.ok(evidence.includes('shown-seat') && evidence.includes('participant.joined'))
  const log = JSON.stringify([
    await deliveriesOf(server),
    server.log.filter(line => !line.includes('"remote"')),
  ])
  const places = { evidence, log, disk: await allStored(server) }
  for (const [place, text] of Object.entries(places)) {
    for (const secret of [...ADDRESSES, JANUS_TOKEN, JANUS_PASSWORD]) {
      assert.ok(!text.includes(secret), `${secret} is in the ${place}`)
    }
    assert.doesNotMatch(text, /hidden-\w+/, `in the ${place}`)
  }
  assert.ok(places.disk.includes('lab-janus-1') && places.disk.includes('"version_string":"1.1.2"'))
})

test('an error that quotes the URL of its request is logged without the token', async t => {
  const server = await janusServer(t)
  const quoting = new Error(`Reply was already sent in "/feeds/janus/${JANUS_TOKEN}" (POST)`)
  server.app.log.warn(quoting, 'a made-up fault')
  server.app.log.warn({ err: quoting }, 'a made-up fault')
  const lines = server.log.filter(line => line.includes('a made-up fault'))
  assert.equal(lines.length, 2)
  for (const line of lines) {
    assert.ok(line.includes('"/feeds/janus/…') || line.includes('\\"/feeds/janus/…'), line)
    assert.ok(!line.includes(JANUS_TOKEN), line)
  }
})

/** The evidence of every room and of every participant, as the API serves it. */
async function evidenceOf(server: JanusTestServer): Promise<string> {
  const answers: unknown[] = []
  for (const { room_sid } of await servedRooms(server)) {
    const path = `/v1/Video/Rooms/${room_sid}`
    const people = await servedParticipants(server, room_sid)
    const paths = [path, ...people.map(one => `${path}/Participants/${one.participant_sid}`)]
    for (const of of paths) {
      const { status, body } = await get(server, `${of}/Events?PageSize=1000`)
      assert.equal(status, 200)
      assert.ok(body.events.length > 0)
      answers.push(body)
    }
  }
  return JSON.stringify(answers)
}

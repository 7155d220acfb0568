import assert from 'node:assert/strict'
import { test } from 'node:test'
import { livekitRoom } from '../../support/livekit.ts'
import { FEED_KEY, NOW_MS, testServer } from '../../support/test-server.ts'
import { allStored, assertShows, deliveriesOf, servedParticipant, tell } from '../served.ts'

const START = NOW_MS - 600_000

test('a secret in a payload is never on disk, in the log or in an answer', async t => {
  const server = await testServer(t)
  const room = livekitRoom('vault', START)
  const { name, sid } = { name: 'vault', sid: room.sid }
  const egressInfo = {
    ...{ egressId: 'EG_1', roomId: sid, roomName: name },
    roomComposite: {
      fileOutputs: [
        {
          s3: { accessKey: 'hidden-1', secret: 'hidden-2', sessionToken: 'hidden-3', bucket: 'shown-bucket' },
        },
        { gcp: { credentials: 'hidden-4' } },
        { azure: { accountName: 'shown-account', accountKey: 'hidden-5' } },
      ],
    },
  }
  const ingressInfo = { ingressId: 'IN_1', streamKey: 'hidden-6', state: { roomId: sid } }
  const attributes = { seat: 'shown-seat', accessToken: 'hidden-7', clientSecret: 'hidden-8' }
  const started = room.started()
  assert.ok(JSON.stringify(started).includes('turn-password'), 'the webhook holds the TURN password')
  const at = { createdAt: String(START / 1000) }
  await tell(
    server,
    started,
    room.joined('ann', START, { attributes }),
    { event: 'egress_started', id: 'EV_a', egressInfo, ...at },
    { event: 'ingress_started', id: 'EV_b', ingressInfo, ...at },
    { event: 'agent_job_started', id: 'EV_c', job: { room: { sid }, token: 'hidden-9' }, ...at },
    { event: 'password_changed', id: 'EV_d', password: 'hidden-10', ...at },
    { event: 'sip_trunk', id: 'EV_e', sip: { auth_password: 'hidden-11', private_key: 'hidden-12' }, ...at },
  )
  assertShows(await servedParticipant(server, sid), { properties: { attributes: { seat: 'shown-seat' } } })
  const onDisk = await allStored(server)
  const log = JSON.stringify([await deliveriesOf(server), server.log])
  for (const secret of ['turn-password', /hidden-\d+/.source, FEED_KEY]) {
    assert.doesNotMatch(onDisk, new RegExp(secret), `${secret} is on disk`)
    assert.doesNotMatch(log, new RegExp(secret), `${secret} is in the log`)
  }
  for (const shown of ['shown-bucket', 'shown-account', 'shown-seat']) {
    assert.ok(onDisk.includes(shown), `${shown} is not a secret and stays in the evidence`)
  }
})

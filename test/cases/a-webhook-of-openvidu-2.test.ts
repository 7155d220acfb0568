/**
 * OpenVidu 2 was given Rollcall's URL. Its webhooks have a form of their own and no signature, and are refused; the log
 * of deliveries names them, so that nobody looks for a wrong secret.
 * Source of the payloads: docs.openvidu.io/en/stable/reference-docs/openvidu-server-webhook.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post } from '../feeds/livekit/token.ts'
import { deliveriesOf, rowsOf } from '../feeds/served.ts'
import { deliver } from '../support/livekit.ts'
import { testServer } from '../support/test-server.ts'

const REFUSAL =
  'This is a webhook of OpenVidu 2, which is not supported. OpenVidu 3 is: it sends the webhooks of LiveKit.'
const NO_JWT = 'The Authorization header holds no JWT.'
const BASIC = 'Basic T1BFTlZJRFVBUFA6TVlfU0VDUkVU'

const created = { event: 'sessionCreated', timestamp: 1601394690713, sessionId: 'ses_Jd8tUyvhXO' }
const joined = {
  ...{ event: 'participantJoined', timestamp: 1601394715606, sessionId: 'ses_Jd8tUyvhXO' },
  ...{ connectionId: 'con_EIeO06zgMz', location: 'Berlin, Germany', ip: '37.122.145.190' },
  ...{ platform: 'Chrome 85.0.4183.121 on Linux 64-bit', clientData: 'Mike', serverData: '' },
}

test('a webhook of OpenVidu 2 is refused by its name, with any header and without one', async t => {
  const server = await testServer(t)
  for (const authorization of [BASIC, undefined, 'Bearer my-secret']) {
    for (const payload of [created, joined]) {
      const response = await post(server, JSON.stringify(payload), authorization)
      assert.deepEqual([response.statusCode, response.json().message], [401, REFUSAL])
    }
  }
  assert.deepEqual(await rowsOf(server, 'select 1 from events union all select 1 from feed_payloads'), [])
  const log = await deliveriesOf(server)
  assert.deepEqual(
    [...new Set(log.map(({ outcome, detail }) => `${outcome}: ${detail}`))],
    [`unauthentic: ${REFUSAL}`],
  )
  assert.doesNotMatch(JSON.stringify([log, server.log]), /T1BFTlZJRFVBUFA6|my-secret|37\.122|Mike/)
})

test('other bodies without a JWT have the refusal that they had', async t => {
  const server = await testServer(t)
  const others = [
    'no JSON: sessionCreated',
    '["sessionCreated"]',
    '{"event":"session_created"}',
    '{"event":{"sessionCreated":1}}',
    '{"sessionCreated":{"sessionId":"ses_Jd8tUyvhXO"}}',
    JSON.stringify({ ...created, filler: 'x'.repeat(70_000) }),
  ]
  for (const body of others)
    assert.equal((await post(server, body, BASIC)).json().message, NO_JWT, body.slice(0, 60))
})

test('an authentic webhook is judged by its signature, whatever it is called', async t => {
  const server = await testServer(t)
  assert.equal((await deliver(server, { ...created, id: 'EV_1' })).statusCode, 200)
})

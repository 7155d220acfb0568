import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertShows, servedParticipants, servedRoom, tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import { NOW_MS, testServer } from '../support/test-server.ts'

/**
 * Somebody calls a voice agent by phone, and nobody else is in the room. The caller is a person: the room had one
 * participant, for as long as the call lasted. The agent is listed and not counted.
 */
test('a caller by phone counts, the agent that answers does not', async t => {
  const server = await testServer(t)
  const startMs = NOW_MS - 600_000
  const room = livekitRoom('call', startMs)
  const caller = { kind: 'SIP', attributes: { 'sip.callID': 'SCL_1' } }
  const agent = { kind: 'AGENT' }
  await tell(
    server,
    ...[room.started(), room.joined('agent', startMs, agent), room.joined('caller', startMs + 1000, caller)],
    room.left('caller', startMs + 1000, startMs + 321_000, 'CLIENT_INITIATED', caller),
    room.left('agent', startMs, startMs + 322_000, 'CLIENT_INITIATED', agent),
    room.finished(startMs + 342_000),
  )
  const served = await servedParticipants(server, room.sid)
  assert.deepEqual(
    served.map(one => [one.participant_identity, one.properties.kind, one.properties.counted]),
    [
      ['agent', 'agent', false],
      ['caller', 'sip', true],
    ],
  )
  assertShows(await servedRoom(server, room.sid), {
    ...{ unique_participants: 1, unique_participant_identities: 1, concurrent_participants: 1 },
    total_participant_duration_sec: 320,
  })
})

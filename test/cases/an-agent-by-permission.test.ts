/**
 * A LiveKit token can make a participant an agent or a recorder by a permission alone, without a kind. It is listed as
 * what it is, and not counted as a person.
 * Source: `livekit_models.proto` ParticipantPermission, and `IsDependent` of livekit-server.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertShows, servedParticipants, servedRoom, tell } from '../feeds/served.ts'
import { livekitRoom } from '../support/livekit.ts'
import { NOW_MS, testServer } from '../support/test-server.ts'

const START = NOW_MS - 600_000

const KINDS: [stated: object, kind: string][] = [
  [{ permission: { agent: true } }, 'agent'],
  [{ permission: { agent: true }, kind: 'STANDARD' }, 'agent'],
  [{ permission: { agent: true }, kind: 0 }, 'agent'],
  [{ permission: { agent: true, hidden: true } }, 'agent'],
  [{ permission: { recorder: true, hidden: true } }, 'recorder'],
  [{ permission: { recorder: true, agent: true } }, 'recorder'],
  [{ permission: { hidden: true } }, 'hidden'],
  [{ permission: { agent: true }, kind: 'SIP' }, 'sip'],
  [{ permission: { agent: false, canPublish: true, canManageAgentSession: true } }, 'person'],
  [{ permission: null }, 'person'],
]

for (const [stated, kind] of KINDS) {
  test(`${JSON.stringify(stated)} makes the kind ${kind}`, async t => {
    const server = await testServer(t)
    const room = livekitRoom('studio', START)
    await tell(server, room.started(), room.joined('ann', START + 1000))
    await tell(server, room.joined('other', START + 2000, stated))
    await tell(server, room.left('other', START + 2000, START + 9000, 'CLIENT_INITIATED', stated))
    const counted = kind === 'person' || kind === 'sip'
    const [, other] = await servedParticipants(server, room.sid)
    assertShows(other, { participant_identity: 'other', properties: { kind, counted } })
    assert.equal((await servedRoom(server, room.sid)).unique_participants, counted ? 2 : 1)
  })
}

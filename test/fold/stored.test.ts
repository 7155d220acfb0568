import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldParticipant, newParticipant } from '../../src/fold/participant.ts'
import { foldRoom, newRoom } from '../../src/fold/room.ts'
import { eventIn, participantStateIn, roomStateIn } from '../../src/fold/stored.ts'

const OLD_EVENT = {
  ...{ kind: 'participant.left', key: 'k', atMs: 90, roomSid: 'RM', participantSid: 'PA' },
  room: { name: 'standup', startedAtMsReckoned: 10 },
  participant: { identity: 'ann', seatKey: 'ann@example.org', joinedAtMsReckoned: 30 },
}
const NEW_EVENT = {
  ...OLD_EVENT,
  room: { name: 'standup', startedAtMsEstimated: 10 },
  participant: { identity: 'ann', connectionKey: 'ann@example.org', joinedAtMsEstimated: 30 },
}

test('events stored with old names are read with the new ones', () => {
  assert.deepEqual(eventIn(JSON.stringify(OLD_EVENT)), NEW_EVENT)
  assert.deepEqual(eventIn(JSON.stringify(NEW_EVENT)), NEW_EVENT)
  const relocated = { ...OLD_EVENT, kind: 'observation.participant_elsewhere', toRoomSid: 'RM2' }
  assert.equal(eventIn(JSON.stringify(relocated)).kind, 'observation.participant_relocated')
})

test('states stored with old names are read with the new ones', () => {
  const event = eventIn(JSON.stringify(OLD_EVENT))
  assert.ok(event.kind === 'participant.left')
  const participant = foldParticipant(newParticipant(), event)
  const { connectionKey, joinedAtMsEstimated, ...others } = participant
  const oldParticipant = { ...others, seatKey: connectionKey, joinedAtMsReckoned: joinedAtMsEstimated }
  assert.deepEqual(participantStateIn(JSON.stringify(oldParticipant)), participant)
  assert.deepEqual(participantStateIn(JSON.stringify(participant)), participant)

  const room = foldRoom(newRoom('jitsi'), event)
  const { startedAtMsEstimated, ...otherFacts } = room
  const oldRoom = { ...otherFacts, startedAtMsReckoned: startedAtMsEstimated }
  assert.deepEqual(roomStateIn(JSON.stringify(oldRoom)), room)
  assert.deepEqual(roomStateIn(JSON.stringify(room)), room)
})

test('only the names of facts are replaced, never the same names in data of a source', () => {
  const participant = { attributes: { seatKey: 'a' } }
  const event = { ...NEW_EVENT, participant, endReason: 'seatKey' }
  assert.deepEqual(eventIn(JSON.stringify(event)), event)
})

test('the ends in states of schema 4 and before are read as sets', () => {
  const register = (value: string, atMs: number) => ({ value, atMs, key: 'k' })
  const room = (old: object) => roomStateIn(JSON.stringify({ ...OLD_ROOM, ...old }))
  const { endedViaApi: _, ...kept } = OLD_ROOM
  const ended = { endedAtMs: 90, endReason: register('timeout', 90), lastSeenMs: 95 }
  assert.deepEqual(room(ended), {
    ...kept,
    ...{ ends: [{ atMs: 90, reason: 'timeout' }], lastSeenMs: 95, lastPresenceMs: 90 },
  })
  assert.deepEqual(room({ ...ended, endedViaApi: true }).ends, [{ atMs: 90, reason: 'room_ended_via_api' }])
  assert.deepEqual(room({ lastSeenMs: 95, serverGone: register('server_crash', 80) }), {
    ...kept,
    ...{ lastSeenMs: 95, lastPresenceMs: 95, serverGone: [{ atMs: 80, reason: 'server_crash' }] },
  })
  const gone = { goneAtMs: 70, goneReason: { value: { reason: 'client_left' }, atMs: 70, key: 'k' } }
  assert.deepEqual(participantStateIn(JSON.stringify({ gotIn: true, ...gone })), {
    gotIn: true,
    gone: [{ atMs: 70, reason: 'client_left' }],
  })
})

const OLD_ROOM = { feedKind: 'livekit', seenAtMs: 10, endedViaApi: false, recordings: {}, codecs: [] }

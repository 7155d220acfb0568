import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ParticipantEvent } from '../../src/event.ts'
import { foldParticipant, newParticipant } from '../../src/fold/participant.ts'
import { participantRecord } from '../../src/fold/participant-record.ts'
import { type StayContext, stayOf } from '../../src/fold/stay.ts'

const COMMON = { roomSid: 'RM', room: {}, participantSid: 'PA', participant: {} }
const JOINED: ParticipantEvent = { kind: 'participant.joined', key: '1', atMs: 1000, ...COMMON }
const NO_CONTEXT: StayContext = { roomEnds: { stated: [], inferred: undefined } }
const SETTINGS = { mediaRegions: {}, publisherAttributes: {}, kindsWithErrorCodes: ['twilio'] }

function left(ending: {
  endReason?: string
  errorCode?: number
  reasonInferred?: boolean
}): ParticipantEvent {
  return { kind: 'participant.left', key: '2', atMs: 9000, ...COMMON, ...ending }
}

function endingShown(event: ParticipantEvent, feedKind: string, context = NO_CONTEXT) {
  const state = [JOINED, event].reduce(foldParticipant, newParticipant())
  const names = { accountSid: 'AC', roomSid: 'RM', participantSid: 'PA', feedKind, nativeRoomSid: undefined }
  const record = participantRecord(names, state, stayOf(state, context), SETTINGS)
  const isCodeInferred = record.properties.inferred.includes('error_code')
  return [record.end_reason, record.error_code, isCodeInferred] as const
}

test('a reason shows its error code, and a code that the source states overrules it', () => {
  assert.deepEqual(endingShown(left({ endReason: 'timeout' }), 'events'), ['timeout', 53002, false])
  assert.deepEqual(endingShown(left({ endReason: 'client_left' }), 'events'), ['client_left', null, false])
  assert.deepEqual(endingShown(left({ endReason: 'constructor' }), 'events'), ['constructor', null, false])
  const slow = { endReason: 'connection_lost', errorCode: 53405 }
  assert.deepEqual(endingShown(left(slow), 'livekit'), ['connection_lost', 53405, false])
  assert.deepEqual(endingShown(left({ errorCode: 53405 }), 'events'), [null, 53405, false])
})

test('the code of an inferred reason is inferred too', () => {
  const lost = { endReason: 'connection_lost', reasonInferred: true }
  assert.deepEqual(endingShown(left(lost), 'janus'), ['connection_lost', 53001, true])
  const left2 = { endReason: 'client_left', reasonInferred: true }
  assert.deepEqual(endingShown(left(left2), 'janus'), ['client_left', null, false])
})

test('a stated reason without a code has none where the feed states codes, and an inferred one has that of the table', () => {
  assert.deepEqual(endingShown(left({ endReason: 'timeout' }), 'twilio'), ['timeout', null, false])
  const end = { atMs: 5000, reason: 'room_ended', inferred: false } as const
  const seen: ParticipantEvent = { kind: 'participant.updated', key: '3', atMs: 2000, ...COMMON }
  assert.deepEqual(endingShown(seen, 'twilio', { roomEnds: { stated: [end], inferred: undefined } }), [
    'room_ended',
    53118,
    true,
  ])
})

import fc from 'fast-check'
import { ACCOUNT, NOW_MS, type TestServer } from '../../support/test-server.ts'
import { postCallback, postSummaries, summary } from './callbacks.ts'

const MOMENTS = 8
/** The number of deliveries in a story. */
export const EVENTS = 11

/** Seconds after the start. They are close together. */
export const moments = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: MOMENTS, maxLength: MOMENTS })

const ROOM = `RM${'e5'.repeat(16)}`
const FAILED = `RT${'0e'.repeat(16)}`
const START = NOW_MS - 600_000

/** Callbacks of ann, bob, a recording and one that failed, and Twilio's summary of ann's stay. */
export function story(at: readonly number[]): readonly unknown[] {
  const [joinSec = 0, staySec = 0, bobSec = 0, bobStaySec = 0, trackSec = 0, endSec = 0] = at
  const ann = { ParticipantSid: `PA${'0a'.repeat(16)}`, ParticipantIdentity: 'ann' }
  const bob = { ParticipantSid: `PA${'0b'.repeat(16)}`, ParticipantIdentity: 'bob' }
  const track = { TrackSid: `MT${'0c'.repeat(16)}`, TrackKind: 'video' }
  const recording = { RecordingSid: `RT${'0d'.repeat(16)}`, Duration: '7' }
  const annLeftSec = joinSec + staySec
  return [
    callback('room-created', 0, {}),
    callback('participant-connected', joinSec, ann),
    callback('track-added', joinSec + trackSec, { ...ann, ...track }),
    callback('participant-disconnected', annLeftSec, { ...ann, ParticipantDuration: String(staySec) }),
    callback('participant-connected', bobSec, bob),
    callback('participant-disconnected', bobSec + bobStaySec, {
      ...bob,
      ParticipantDuration: String(bobStaySec),
    }),
    callback('recording-completed', trackSec, recording),
    callback('recording-started', trackSec, { RecordingSid: FAILED }),
    callback('recording-failed', trackSec, { RecordingSid: FAILED, FailedOperation: 'start' }),
    callback('room-ended', 200 + endSec, { RoomDuration: String(200 + endSec) }),
    summary('s1', 'log-analyzer.participant-summary', {
      ...{ account_sid: ACCOUNT, room_sid: ROOM, participant_sid: ann.ParticipantSid },
      ...{ participant_identity: 'ann', join_time: timeOf(joinSec), leave_time: timeOf(annLeftSec) },
      ...{ end_reason: 'disconnected_via_api', error_code: 0, codecs: ['VP8'], media_region: 'us1' },
      publisher_info: { name: 'twilio-video.js' },
    }),
  ]
}

/** Delivers a callback or a summary. */
export function post(server: TestServer, payload: unknown) {
  const isCallback = (value: unknown): value is Record<string, string> =>
    typeof value === 'object' && value !== null && 'StatusCallbackEvent' in value
  return isCallback(payload) ? postCallback(server, payload) : postSummaries(server, payload)
}

function callback(name: string, sec: number, more: object) {
  return {
    ...{ AccountSid: ACCOUNT, RoomSid: ROOM, RoomName: 'clinic', RoomType: 'group', SequenceNumber: '0' },
    ...{ StatusCallbackEvent: name, Timestamp: timeOf(sec), ...more },
  }
}

function timeOf(sec: number): string {
  return new Date(START + sec * 1000).toISOString()
}

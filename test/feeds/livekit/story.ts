import fc from 'fast-check'
import { livekitRoom } from '../../support/livekit.ts'
import { NOW_MS } from '../../support/test-server.ts'

const START = NOW_MS - 600_000
const MOMENTS = 14
/** The number of webhooks in a whole story. */
export const EVENTS = 24

/** Moments close together, so that stays touch, overlap, have no duration, and end after their room. */
export const moments = fc.array(fc.integer({ min: 0, max: 12_000 }), {
  minLength: MOMENTS,
  maxLength: MOMENTS,
})

/** Moments that do not contradict each other: each leave is after its join, and the room ends last. */
export const consistentMoments = moments.map(at => {
  const ordered = [
    [0, 1],
    [2, 3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
    [11, 12],
  ].flatMap(person => person.map(index => at[index] ?? 0).sort((a, b) => a - b))
  // ann publishes a track one second after her join.
  return [...ordered.map((ms, index) => (index === 1 ? ms + 1000 : ms)), 20_000]
})

/**
 * Two stays of ann, bob whose attempt failed, carl without a leave, an agent, dora, and a recording; then the room is used
 * again, by eve and by finn, a caller without a leave. `at` are milliseconds.
 */
export function story(at: readonly number[]) {
  const room = livekitRoom('any', START)
  const ms = (index: number) => START + (at[index] ?? 0)
  const second = { sid: 'PA_second', identity: 'ann' }
  const agent = { permission: { agent: true } }
  const track = { sid: 'TR_1', type: 'VIDEO', mimeType: 'video/VP8' }
  const bob = room.left('bob', ms(5), ms(6), 'CONNECTION_TIMEOUT')
  return [
    room.started(),
    room.joined('ann', ms(0)),
    room.published('ann', ms(0) + 1000, track),
    room.left('ann', ms(0), ms(1), 'SIGNAL_CLOSE'),
    room.joined('second', ms(2), second),
    { ...room.published('second', ms(3), { sid: 'TR_2', mimeType: 'audio/red' }), participant: second },
    room.left('second', ms(2), ms(4), 'CLIENT_INITIATED', second),
    { ...bob, event: 'participant_connection_aborted' },
    room.joined('carl', ms(7)),
    { ...room.published('carl', ms(8), { sid: 'TR_3', mimeType: 'video/AV1' }), event: 'track_unpublished' },
    room.published('agent', ms(9), { sid: 'TR_4', mimeType: 'audio/opus' }),
    room.joined('agent', ms(9), agent),
    room.left('agent', ms(9), ms(10), 'CLIENT_INITIATED', agent),
    room.joined('dora', ms(11)),
    room.left('dora', ms(11), ms(12), 'ROOM_DELETED'),
    egress('started', 'EG_1', ms(2), {}),
    egress('ended', 'EG_1', ms(4), {
      status: 'EGRESS_COMPLETE',
      fileResults: [{ filename: 'a.mp4', duration: '2000000000' }],
    }),
    room.finished(ms(13)),
    room.joined('eve', ms(13) + 5_000),
    room.left('eve', ms(13) + 5_000, ms(13) + 8_000, 'CLIENT_INITIATED'),
    room.joined('finn', ms(13) + 6_000, { kind: 'SIP' }),
    room.finished(ms(13) + 10_000),
  ]
}

/** The story, and a recording that was aborted. */
export function wholeStory(at: readonly number[]) {
  const ms = (index: number) => START + (at[index] ?? 0)
  return [
    ...story(at),
    egress('started', 'EG_2', ms(9), {}),
    egress('ended', 'EG_2', ms(10), { status: 'EGRESS_ABORTED', fileResults: [{ filename: 'b.mp4' }] }),
  ]
}

function egress(what: string, egressId: string, atMs: number, more: object) {
  const roomComposite = { roomName: 'any', fileOutputs: [{ filepath: 'a.mp4' }] }
  return {
    ...{ event: `egress_${what}`, id: `EV_${egressId}_${what}`, createdAt: String(Math.floor(atMs / 1000)) },
    egressInfo: { egressId, roomId: 'RM_any', roomName: 'any', roomComposite, ...more },
  }
}

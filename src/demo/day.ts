/** One stay. Seconds are counted from the start of its room. A stay without `leaveSec` is still in progress. */
export interface DemoStay {
  readonly identity: string
  readonly name: string
  readonly joinSec: number
  readonly leaveSec?: number
  /** LiveKit's DisconnectReason. `JOIN_FAILURE` makes it an attempt to join that failed. */
  readonly reason?: string
  readonly kind?: 'SIP' | 'AGENT' | 'EGRESS'
  readonly video?: 'VP8' | 'H264' | 'VP9' | 'AV1'
  readonly attributes?: Readonly<Record<string, string>>
}

export interface DemoRoom {
  readonly name: string
  /** How many minutes before now the room started. */
  readonly startedMinAgo: number
  /** When the room ended, in seconds from its start. A room without it is still in progress. */
  readonly endSec?: number
  readonly stays: readonly DemoStay[]
}

const MIN = 60
const WEB = { client: 'livekit-client', clientVersion: '2.23.0' }
const PHONE = { client: 'livekit-swift', clientVersion: '2.9.1' }

/** The rooms of a usual day: meetings, a lesson, a consultation, support calls. */
export const dayOfRooms: readonly DemoRoom[] = [
  {
    name: 'standup',
    startedMinAgo: 23 * 60,
    endSec: 16 * MIN,
    stays: [
      left('alice', 'Alice', 2, 15 * MIN),
      left('bob', 'Bob', 20, 4 * MIN, 'DUPLICATE_IDENTITY'),
      left('bob', 'Bob', 4 * MIN, 15 * MIN + 3),
      left('carol', 'Carol', 65, 15 * MIN + 2, 'CLIENT_INITIATED', { video: 'H264', attributes: PHONE }),
      left('dan', 'Dan', 3 * MIN, 9 * MIN + 12, 'CONNECTION_TIMEOUT'),
    ],
  },
  {
    name: 'algebra-7b',
    startedMinAgo: 20 * 60,
    endSec: 62 * MIN,
    stays: [
      left('teacher-kim', 'Kim', 0, 61 * MIN),
      {
        identity: 'recorder',
        name: '',
        joinSec: 5,
        leaveSec: 61 * MIN + 20,
        reason: 'CLIENT_INITIATED',
        kind: 'EGRESS',
      },
      ...pupils(22),
      left('pupil-23', 'Pupil 23', 17 * MIN, 60 * MIN, 'CLIENT_INITIATED', { attributes: PHONE }),
      left('pupil-24', 'Pupil 24', 3 * MIN, 31 * MIN, 'PARTICIPANT_REMOVED'),
      {
        identity: 'pupil-25',
        name: 'Pupil 25',
        joinSec: 8 * MIN,
        leaveSec: 8 * MIN + 45,
        reason: 'JOIN_FAILURE',
      },
    ],
  },
  {
    name: 'consultation-1187',
    startedMinAgo: 15 * 60,
    endSec: 24 * MIN,
    stays: [
      left('dr-osei', 'Dr Osei', 1, 23 * MIN),
      {
        identity: 'patient',
        name: 'Patient',
        joinSec: 30,
        leaveSec: 75,
        reason: 'JOIN_FAILURE',
        attributes: PHONE,
      },
      left('patient', 'Patient', 2 * MIN, 11 * MIN, 'SIGNAL_CLOSE', { video: 'H264', attributes: PHONE }),
      left('patient', 'Patient', 12 * MIN, 23 * MIN + 4, 'CLIENT_INITIATED', {
        video: 'H264',
        attributes: PHONE,
      }),
    ],
  },
  {
    name: 'support-5521',
    startedMinAgo: 11 * 60,
    endSec: 13 * MIN,
    stays: [
      {
        identity: 'assistant',
        name: 'Assistant',
        joinSec: 1,
        leaveSec: 13 * MIN - 5,
        reason: 'CLIENT_INITIATED',
        kind: 'AGENT',
      },
      {
        identity: 'caller',
        name: 'Caller',
        joinSec: 3,
        leaveSec: 12 * MIN,
        reason: 'CLIENT_INITIATED',
        kind: 'SIP',
      },
      left('erin', 'Erin', 4 * MIN, 12 * MIN + 30),
    ],
  },
  {
    name: 'all-hands',
    startedMinAgo: 8 * 60,
    endSec: 47 * MIN,
    stays: [left('grace', 'Grace', 0, 46 * MIN, 'ROOM_DELETED', { video: 'VP9' }), ...audience(60)],
  },
  {
    name: 'interview',
    startedMinAgo: 5 * 60,
    endSec: 41 * MIN,
    stays: [
      left('heidi', 'Heidi', 4, 40 * MIN, 'CLIENT_INITIATED', { video: 'AV1' }),
      left('candidate', 'Candidate', 90, 40 * MIN + 10),
    ],
  },
  {
    name: 'standup',
    startedMinAgo: 95,
    endSec: 12 * MIN,
    stays: [
      left('alice', 'Alice', 0, 11 * MIN, 'SERVER_SHUTDOWN'),
      left('bob', 'Bob', 15, 11 * MIN, 'SERVER_SHUTDOWN'),
    ],
  },
  {
    name: 'design-review',
    startedMinAgo: 26,
    stays: [
      { identity: 'alice', name: 'Alice', joinSec: 2, video: 'VP8', attributes: WEB },
      left('dan', 'Dan', 40, 14 * MIN, 'CLIENT_INITIATED', { video: 'H264' }),
      { identity: 'carol', name: 'Carol', joinSec: 3 * MIN, video: 'H264', attributes: PHONE },
    ],
  },
]

function left(
  identity: string,
  name: string,
  joinSec: number,
  leaveSec: number,
  reason = 'CLIENT_INITIATED',
  more: Partial<DemoStay> = {},
): DemoStay {
  return { identity, name, joinSec, leaveSec, reason, video: 'VP8', attributes: WEB, ...more }
}

function pupils(count: number): DemoStay[] {
  return Array.from({ length: count }, (_, index) =>
    left(
      `pupil-${index + 1}`,
      `Pupil ${index + 1}`,
      20 + ((index * 37) % 200),
      60 * MIN + ((index * 13) % 50),
    ),
  )
}

/** People who only listen: they publish no video. */
function audience(count: number): DemoStay[] {
  return Array.from({ length: count }, (_, index) => {
    const isEarly = index % 9 === 4
    return {
      identity: `staff-${index + 1}`,
      name: `Staff ${index + 1}`,
      joinSec: 10 + index * 3,
      leaveSec: isEarly ? (20 + (index % 15)) * MIN : 46 * MIN,
      reason: isEarly ? 'CLIENT_INITIATED' : 'ROOM_DELETED',
      attributes: WEB,
    }
  })
}

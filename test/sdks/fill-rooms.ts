import { postWebhook } from '../../src/demo/livekit-webhook.ts'
import type { Rollcall } from './start-rollcall.ts'

/** A room whose participants an example must print. */
export interface ListedRoom {
  readonly roomSid: string
  /** Null for a participant without an identity. */
  readonly identities: readonly (string | null)[]
}

/** What the server must answer about the rooms, with the field names of the API. */
export interface Expected {
  room_name: string
  room_sid: string
  create_time: string
  /** A second room, which began a minute earlier, had three people who sent only audio, and is completed. */
  audio_room_sid: string
  participants: ExpectedParticipant[]
}

interface ExpectedParticipant {
  identity: string
  join_time: string
  leave_time: string | null
  duration_sec: number | null
  status: 'in_progress' | 'completed'
  end_reason: string | null
  error_code: number | null
  codecs: string[]
}

const participantCount = 2500
const requestsAtOnce = 16

/** Delivers the webhooks of two LiveKit rooms to the server, in the order in which they happened. */
export async function fillRooms(server: Rollcall): Promise<Expected> {
  const startMs = Math.floor((Date.now() - 3 * 3_600_000) / 1000) * 1000 + 412
  const large = room('sdks-large', 'RM_sdksLarge001', startMs)
  const audio = room('sdks-audio', 'RM_sdksAudio001', startMs - 60_000)
  const stays = Array.from({ length: participantCount }, (_, index) => stay(index, startMs))
  const audioStays = Array.from({ length: 3 }, (_, index) => audioStay(index, startMs))

  // One after another, so that each room has started before anybody joins.
  await deliver(
    server,
    [roomEvent('room_started', large, startMs), roomEvent('room_started', audio, startMs)],
    1,
  )
  const events = [
    ...stays.flatMap(one => stayEvents(large, one)),
    ...audioStays.flatMap(one => stayEvents(audio, one)),
  ]
  events.sort((a, b) => a.atMs - b.atMs)
  await deliver(server, events, requestsAtOnce)
  await deliver(server, [roomEvent('room_finished', audio, startMs + 600_000)], 1)

  return {
    room_name: large.name,
    room_sid: await sidOfRoom(server, large.name),
    create_time: shown(startMs),
    audio_room_sid: await sidOfRoom(server, audio.name),
    participants: stays.map(expectedOf),
  }
}

/**
 * Delivers the webhooks of a third room: somebody who is still there, and a leave alone, without an identity or a join.
 * No event states the other facts, so that they are null.
 */
export async function fillUnknownRoom(server: Rollcall): Promise<ListedRoom> {
  const startMs = Date.now() - 3_600_000
  const unknown = room('sdks-unknown', 'RM_sdksUnknown01', startMs)
  const guest = { ...audioStay(9, startMs + 50_000), leftAtMs: null, mimeTypes: [] }
  const left = { sid: 'PA_sdksUnknown02', state: 'DISCONNECTED' }
  const events = [
    ...stayEvents(unknown, guest),
    event('participant_left', 'unknown', startMs + 60_000, { room: roomFields(unknown), participant: left }),
  ]
  await deliver(server, events, 1)
  return { roomSid: await sidOfRoom(server, unknown.name), identities: [guest.identity, null] }
}

interface Room {
  sid: string
  name: string
  creationTimeMs: number
}

interface Stay {
  key: string
  identity: string
  joinedAtMs: number
  leftAtMs: number | null
  reason: Reason
  mimeTypes: readonly string[]
}

interface TimedEvent {
  atMs: number
  payload: { event: string; id: string } & Record<string, unknown>
}

const reasons = {
  CLIENT_INITIATED: { end_reason: 'client_left', error_code: null },
  PARTICIPANT_REMOVED: { end_reason: 'disconnected_via_api', error_code: null },
  DUPLICATE_IDENTITY: { end_reason: 'duplicate_identity', error_code: 53205 },
} as const
type Reason = keyof typeof reasons
const reasonCycle: readonly Reason[] = ['CLIENT_INITIATED', 'PARTICIPANT_REMOVED', 'DUPLICATE_IDENTITY']

/** `audio/red` is Opus with redundancy. AV1 is not a codec of Twilio's API. */
const codecNames: Readonly<Record<string, string>> = {
  'audio/opus': 'opus',
  'audio/red': 'opus',
  'video/VP8': 'VP8',
  'video/H264': 'H264',
}
const mimeTypeCycle: readonly (readonly string[])[] = [
  ['audio/red', 'video/VP8'],
  ['audio/opus'],
  ['video/H264'],
  ['video/AV1'],
  [],
]

/** Seven stays share each millisecond, and 140 stays one burst, so that pages end within such groups. */
function stay(index: number, startMs: number): Stay {
  const inBurst = index >= 950 && index < 1090
  const group = Math.floor((inBurst ? 950 : index) / 7)
  const joinedAtMs = startMs + 1000 + group * 5000 + ((group * 137) % 1000)
  const stayMs = (60 + ((index * 37) % 1500)) * 1000
  return {
    key: String(index).padStart(4, '0'),
    identity: `${index % 100 === 0 ? 'gäst' : 'guest'}-${index}`,
    joinedAtMs,
    leftAtMs: index % 25 === 7 ? null : Math.floor((joinedAtMs + stayMs) / 1000) * 1000,
    reason: at(reasonCycle, index),
    mimeTypes: at(mimeTypeCycle, index),
  }
}

function audioStay(index: number, startMs: number): Stay {
  const joinedAtMs = startMs - 50_000 + index
  return {
    key: `a00${index}`,
    identity: `listener-${index}`,
    joinedAtMs,
    leftAtMs: startMs + 500_000,
    reason: 'CLIENT_INITIATED',
    mimeTypes: ['audio/opus'],
  }
}

function expectedOf(stay: Stay): ExpectedParticipant {
  const joinSec = Math.floor(stay.joinedAtMs / 1000)
  const codecs = stay.mimeTypes.flatMap(mimeType => codecNames[mimeType] ?? []).sort()
  const common = { identity: stay.identity, join_time: shown(stay.joinedAtMs), codecs }
  if (stay.leftAtMs === null) {
    const open = { leave_time: null, duration_sec: null, end_reason: null, error_code: null }
    return { ...common, ...open, status: 'in_progress' }
  }
  const duration_sec = Math.floor(stay.leftAtMs / 1000) - joinSec
  return {
    ...common,
    ...reasons[stay.reason],
    leave_time: shown(stay.leftAtMs),
    duration_sec,
    status: 'completed',
  }
}

function room(name: string, sid: string, creationTimeMs: number): Room {
  return { name, sid, creationTimeMs }
}

function stayEvents(room: Room, stay: Stay): TimedEvent[] {
  const who = { sid: `PA_sdks0000${stay.key}`, identity: stay.identity }
  const participant = {
    ...who,
    joinedAt: seconds(stay.joinedAtMs),
    joinedAtMs: String(stay.joinedAtMs),
    version: 3,
    permission: { canSubscribe: true, canPublish: true, canPublishData: true },
  }
  const tracks = stay.mimeTypes.map((mimeType, index) => ({
    sid: `TR_sdks${stay.key}000${index}`,
    ...(mimeType.startsWith('video') ? { type: 'VIDEO', source: 'CAMERA' } : { source: 'MICROPHONE' }),
    mimeType,
    mid: String(index),
    codecs: [{ mimeType, mid: String(index), cid: `cid${index}` }],
  }))
  const events = [
    event('participant_joined', `j${stay.key}`, stay.joinedAtMs + 400, {
      room: roomFields(room),
      participant: { ...participant, state: 'ACTIVE' },
    }),
    ...tracks.map((track, index) =>
      event('track_published', `t${stay.key}${index}`, stay.joinedAtMs + 2000, {
        room: { sid: room.sid, name: room.name },
        participant: who,
        track,
      }),
    ),
  ]
  if (stay.leftAtMs === null) return events
  const left = { ...participant, state: 'DISCONNECTED', disconnectReason: stay.reason }
  const payload = { room: roomFields(room), participant: left }
  return [...events, event('participant_left', `l${stay.key}`, stay.leftAtMs, payload)]
}

function roomEvent(name: 'room_started' | 'room_finished', room: Room, atMs: number): TimedEvent {
  return event(name, `${name}${room.sid}`, atMs, { room: roomFields(room) })
}

function roomFields(room: Room): Record<string, unknown> {
  return {
    sid: room.sid,
    name: room.name,
    emptyTimeout: 300,
    departureTimeout: 20,
    creationTime: seconds(room.creationTimeMs),
    creationTimeMs: String(room.creationTimeMs),
    enabledCodecs: [
      { mime: 'audio/opus' },
      { mime: 'audio/red' },
      { mime: 'video/VP8' },
      { mime: 'video/AV1' },
    ],
  }
}

function event(name: string, id: string, atMs: number, fields: Record<string, unknown>): TimedEvent {
  return { atMs, payload: { event: name, ...fields, id: `EV_${id}`, createdAt: seconds(atMs) } }
}

async function deliver(server: Rollcall, events: readonly TimedEvent[], atOnce: number): Promise<void> {
  const queue = events.values()
  const worker = async () => {
    for (const { payload } of queue) {
      const response = await postWebhook({ ...server, payload, nowMs: Date.now() })
      const answer = await response.text()
      if (response.status !== 200) throw new Error(`${payload.event}: ${response.status} ${answer}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

async function sidOfRoom(server: Rollcall, roomName: string): Promise<string> {
  const login = Buffer.from(`${server.accountSid}:${server.authToken}`).toString('base64')
  const url = `${server.baseUrl}/v1/Video/Rooms?RoomName=${roomName}`
  const response = await fetch(url, { headers: { authorization: `Basic ${login}` } })
  const answer = await response.text()
  const sid = /"room_sid":\s*"(RM[0-9a-f]{32})"/.exec(answer)?.[1]
  if (sid === undefined) throw new Error(`no room ${roomName}: ${response.status} ${answer}`)
  return sid
}

function at<T>(cycle: readonly T[], index: number): T {
  const item = cycle[index % cycle.length]
  if (item === undefined) throw new Error('empty cycle')
  return item
}

function seconds(timeMs: number): string {
  return String(Math.floor(timeMs / 1000))
}

/** A time as the API writes it: whole seconds, UTC. */
function shown(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

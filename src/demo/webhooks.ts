import { createHash } from 'node:crypto'
import type { DemoRoom, DemoStay } from './day.ts'

/** The body of a LiveKit webhook, as ProtoJSON writes it: without default values, and with 64-bit integers as text. */
export interface Webhook {
  readonly event: string
  readonly room: { readonly sid: string; readonly name: string }
  readonly [field: string]: unknown
}

/** The webhooks that a LiveKit server would have sent about these rooms, in the order of sending. */
export function webhooksOf(rooms: readonly DemoRoom[], nowMs: number): Webhook[] {
  const timed = rooms.flatMap((room, index) => roomWebhooks(room, `${index}`, nowMs))
  return timed.sort((a, b) => a.atMs - b.atMs).map(({ payload }) => payload)
}

interface Timed {
  atMs: number
  payload: Webhook
}

function roomWebhooks(room: DemoRoom, seed: string, nowMs: number): Timed[] {
  const startMs = Math.floor(nowMs / 1000) * 1000 - room.startedMinAgo * 60_000
  const brief = { sid: nativeId('RM_', seed), name: room.name }
  const whole = {
    ...brief,
    emptyTimeout: 300,
    departureTimeout: 20,
    creationTime: seconds(startMs),
    creationTimeMs: String(startMs),
    enabledCodecs: [{ mime: 'audio/opus' }, { mime: 'video/VP8' }, { mime: 'video/H264' }],
  }
  const at = (event: string, sec: number, more: object, about: Webhook['room'] = whole): Timed => {
    const atMs = startMs + sec * 1000
    const id = nativeId('EV_', `${seed}/${event}/${sec}/${JSON.stringify(more)}`)
    return { atMs, payload: { event, room: about, ...more, id, createdAt: seconds(atMs) } }
  }
  const stays = room.stays.flatMap((stay, index) =>
    stayWebhooks(stay, `${seed}/${index}`, startMs, brief, at),
  )
  const end = room.endSec === undefined ? [] : [at('room_finished', room.endSec, {})]
  return [at('room_started', 0, {}), ...stays, ...end]
}

type At = (event: string, sec: number, more: object, about?: Webhook['room']) => Timed

function stayWebhooks(
  stay: DemoStay,
  seed: string,
  startMs: number,
  brief: Webhook['room'],
  at: At,
): Timed[] {
  const joinedAtMs = startMs + stay.joinSec * 1000 + (stay.joinSec % 7) * 130
  const who = { sid: nativeId('PA_', seed), identity: stay.identity }
  const participant = {
    ...who,
    name: stay.name,
    joinedAt: seconds(joinedAtMs),
    joinedAtMs: String(joinedAtMs),
    ...(stay.kind === undefined ? {} : { kind: stay.kind }),
    ...(stay.attributes === undefined ? {} : { attributes: stay.attributes }),
  }
  const gone = { participant: { ...participant, state: 'DISCONNECTED', disconnectReason: stay.reason } }
  if (stay.reason === 'JOIN_FAILURE') return [at('participant_connection_aborted', stay.leaveSec ?? 0, gone)]
  const joined = at('participant_joined', stay.joinSec, { participant: { ...participant, state: 'ACTIVE' } })
  const tracks = trackPayloads(stay, seed).map(track =>
    at('track_published', stay.joinSec + 1, { participant: who, track }, brief),
  )
  const left = stay.leaveSec === undefined ? [] : [at('participant_left', stay.leaveSec, gone)]
  return [joined, ...tracks, ...left]
}

function trackPayloads(stay: DemoStay, seed: string): object[] {
  if (stay.kind === 'EGRESS') return []
  const audio = { sid: nativeId('TR_', `${seed}/audio`), source: 'MICROPHONE', mimeType: 'audio/red' }
  if (stay.video === undefined) return [audio]
  const sid = nativeId('TR_', `${seed}/video`)
  return [audio, { sid, type: 'VIDEO', source: 'CAMERA', mimeType: `video/${stay.video}` }]
}

function nativeId(prefix: string, seed: string): string {
  const digest = createHash('sha256')
    .update(prefix + seed)
    .digest('base64url')
  return prefix + digest.replace(/[-_]/g, 'x').slice(0, 12)
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000))
}

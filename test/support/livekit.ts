import { signWebhook } from '../../src/demo/livekit-webhook.ts'
import { LIVEKIT_KEY, LIVEKIT_SECRET, type TestServer } from './test-server.ts'

/** One LiveKit room. Each call makes the body of a webhook. Times are unix milliseconds. */
export function livekitRoom(name: string, startedAtMs: number, sid = `RM_${name}`) {
  const whole = {
    sid,
    name,
    emptyTimeout: 300,
    departureTimeout: 20,
    creationTime: sec(startedAtMs),
    creationTimeMs: String(startedAtMs),
    turnPassword: 'turn-password',
    enabledCodecs: [{ mime: 'audio/opus' }, { mime: 'video/VP8' }],
  }
  let count = 0
  const envelope = (event: string, atMs: number, more: object) => ({
    event,
    ...more,
    id: `EV_${name}_${++count}`,
    createdAt: sec(atMs),
  })
  const person = (identity: string, joinedAtMs: number, more: object) => ({
    sid: `PA_${identity}`,
    identity,
    name: identity,
    joinedAt: sec(joinedAtMs),
    joinedAtMs: String(joinedAtMs),
    ...more,
  })
  return {
    sid,
    started: () => envelope('room_started', startedAtMs, { room: whole }),
    finished: (atMs: number) => envelope('room_finished', atMs, { room: whole }),
    joined: (identity: string, atMs: number, more: object = {}) =>
      envelope('participant_joined', atMs, {
        room: whole,
        participant: person(identity, atMs, { state: 'ACTIVE', ...more }),
      }),
    left: (identity: string, joinedAtMs: number, atMs: number, reason?: string, more: object = {}) =>
      envelope('participant_left', atMs, {
        room: whole,
        participant: person(identity, joinedAtMs, {
          state: 'DISCONNECTED',
          ...(reason === undefined ? {} : { disconnectReason: reason }),
          ...more,
        }),
      }),
    published: (identity: string, atMs: number, track: object) =>
      envelope('track_published', atMs, {
        room: { sid, name },
        participant: { sid: `PA_${identity}`, identity },
        track,
      }),
  }
}

/** Signs a webhook and delivers it. Resolves to the answer of the server. */
export async function deliver(
  server: TestServer,
  payload: unknown,
  key = LIVEKIT_KEY,
  secret = LIVEKIT_SECRET,
) {
  const body = JSON.stringify(payload)
  const authorization = await signWebhook({ apiKey: key, apiSecret: secret, body, nowMs: server.clock.nowMs })
  return await server.app.inject({
    method: 'POST',
    url: '/feeds/livekit',
    headers: { authorization, 'content-type': 'application/webhook+json' },
    body,
  })
}

function sec(ms: number): string {
  return String(Math.floor(ms / 1000))
}

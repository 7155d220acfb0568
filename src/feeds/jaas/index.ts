import { createHmac } from 'node:crypto'
import type { Event, ParticipantFacts } from '../../event.ts'
import { participantSid, roomSid } from '../../sid.ts'
import { type Decoded, type Delivery, type Feed, JunkError, UnauthenticError } from '../feed.ts'
import { digestOf, type Json, known, momentOf, objectOf, parseJson, textOf, withoutSecrets } from '../json.ts'
import { isSame } from '../signature.ts'

const DAY_MS = 24 * 3_600_000

/** `disconnectReason` of PARTICIPANT_LEFT, as 8x8's documentation lists them. */
const DISCONNECT_REASONS: Readonly<Record<string, { endReason: string; errorCode?: number }>> = {
  left: { endReason: 'client_left' },
  kicked: { endReason: 'disconnected_via_api' },
  unknown: { endReason: 'connection_lost', errorCode: 53001 },
  switch_room: { endReason: 'moved' },
  unrecoverable_error: { endReason: 'media_failure', errorCode: 53407 },
}

/**
 * Webhooks of JaaS (8x8's hosted Jitsi).
 * Source: developer.8x8.com/jaas/docs, "Webhooks" (payloads, and the signature with its test vector).
 */
export const jaas: Feed = {
  kind: 'jaas',
  path: '/feeds/jaas',
  paths: ['/feeds/jaas'],
  methods: ['POST'],
  summary: 'JaaS (8x8) webhooks, signed with the secret of the webhook (whsec_…) and found by the AppID',

  claim({ body }) {
    const appId = textOf(objectOf(parseJson(body))?.['appId'])
    if (appId === undefined) throw new UnauthenticError('The delivery names no appId.')
    return appId
  },

  // The moment that is signed is not compared with now: what is repeated for hours is welcome, and twice is once.
  verify(delivery, secret) {
    const { moment, signatures } = signatureOf(delivery)
    const expected = createHmac('sha256', secret).update(`${moment}.`).update(delivery.body).digest()
    if (!signatures.some(signature => isSame(signature, expected))) {
      throw new UnauthenticError('X-Jaas-Signature is not that of this body with the secret of this webhook.')
    }
  },

  decode(delivery, { accountSid }): Decoded {
    const payload = objectOf(parseJson(delivery.body))
    if (payload === undefined) throw new JunkError('The body is not an object.')
    const native = withoutSecrets(payload)
    const key = textOf(payload['idempotencyKey']) ?? digestOf(delivery.body)
    const event = eventOf(payload, key, accountSid)
    if (event !== undefined) return { events: [{ event, native }], kept: [] }
    const name = textOf(payload['eventType']) ?? 'without a type'
    const reason = `JaaS event ${name} names no session or no moment`
    return { events: [], kept: [{ payloadKey: key, reason, native }] }
  },

  silenceLimitMs: DAY_MS,
  whenUnavailable: { 'retry-after': '1' },
}

/** `t=1632490060,v1=<base64>`: base64 may end in `=`, so that each part is cut at its first one. */
function signatureOf({ headers }: Delivery): { moment: string; signatures: Buffer[] } {
  const parts = (headers['x-jaas-signature'] ?? '').split(',').map(part => {
    const cut = part.indexOf('=')
    return { scheme: part.slice(0, cut).trim(), value: part.slice(cut + 1).trim() }
  })
  const moment = parts.find(({ scheme }) => scheme === 't')?.value
  const signatures = parts
    .filter(({ scheme }) => scheme === 'v1')
    .map(({ value }) => Buffer.from(value, 'base64'))
  if (moment === undefined || signatures.length === 0) {
    throw new UnauthenticError('X-Jaas-Signature is missing: give the webhook a secret.')
  }
  return { moment, signatures }
}

function eventOf(payload: Json, key: string, accountSid: string): Event | undefined {
  const session = textOf(payload['sessionId'])
  const atMs = momentOf(payload['timestamp'])
  if (session === undefined || atMs === undefined) return undefined
  const data = objectOf(payload['data']) ?? {}
  const breakoutId = isTrue(data['isBreakout']) ? textOf(data['breakoutRoomId']) : undefined
  const instance = breakoutId === undefined ? session : `${session}/${breakoutId}`
  const fqn = textOf(payload['fqn'])
  const room = known({
    nativeKey: instance,
    // `appId/room`; the room's own name holds no slash.
    name: fqn?.slice(fqn.lastIndexOf('/') + 1),
    type: 'group' as const,
    breakoutOf: breakoutId === undefined ? undefined : session,
  })
  const common = { key, atMs, roomSid: roomSid(accountSid, 'jaas', instance), room }
  return ofRoom(payload['eventType'], session, common) ?? ofParticipant(payload['eventType'], data, common)
}

type Common = Pick<Event, 'key' | 'atMs' | 'roomSid' | 'room'>

function ofRoom(type: unknown, session: string, common: Common): Event | undefined {
  switch (type) {
    case 'ROOM_CREATED':
      return { kind: 'room.started', ...common }
    case 'ROOM_DESTROYED':
      return { kind: 'room.ended', ...common }
    case 'RECORDING_STARTED':
      return { kind: 'recording.started', ...common, recording: { key: session } }
    case 'RECORDING_ENDED':
      return { kind: 'recording.ended', ...common, recording: { key: session } }
    default:
      return undefined
  }
}

/**
 * A leave does not say which join it ends: both have the JID for their seat, and the fold joins them. Everything else,
 * the lobby too, is evidence of the room alone.
 */
function ofParticipant(type: unknown, data: Json, common: Common): Event {
  const jid = textOf(data['participantJid'])
  const isJoin = type === 'PARTICIPANT_JOINED'
  if (jid === undefined || (!isJoin && type !== 'PARTICIPANT_LEFT'))
    return { kind: 'room.updated', ...common }
  const stayKey = isJoin ? `${jid}@${common.atMs}` : `${jid}@left@${common.atMs}`
  const name = textOf(data['name'])
  const identity = textOf(data['id']) ?? textOf(data['email']) ?? name ?? jid
  const participant: ParticipantFacts = known({
    ...{ nativeKey: jid, seatKey: jid, identity, displayName: name },
    joinedAtMs: isJoin ? common.atMs : undefined,
  })
  const stay = { ...common, participantSid: participantSid(common.roomSid, stayKey), participant }
  if (isJoin) return { kind: 'participant.joined', ...stay }
  const native = textOf(data['disconnectReason'])
  if (native === undefined) return { kind: 'participant.left', ...stay }
  const ending = Object.hasOwn(DISCONNECT_REASONS, native)
    ? DISCONNECT_REASONS[native]
    : { endReason: 'unknown' }
  return { kind: 'participant.left', ...stay, ...ending }
}

/** JaaS writes truth as a boolean or as a text. */
function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}

import { createHash, createHmac } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { SettingName } from '../../../src/config.ts'
import { feedId } from '../../../src/sid.ts'
import type { FeedRow } from '../../../src/store/feeds/feeds.ts'
import { ACCOUNT, NOW_MS, type TestServer, testServer } from '../../support/test-server.ts'
import { taken } from '../served.ts'

export const APP_ID = 'vpaas-magic-cookie-c2824d584eac4489a1e32e4e164d5a3c'
export const JAAS_SECRET = 'whsec_0123456789abcdef0123456789abcdef'

export const JAAS_FEED: FeedRow = {
  ...{ feedId: feedId(ACCOUNT, 'jaas', APP_ID), accountSid: ACCOUNT, kind: 'jaas' },
  ...{ authKey: APP_ID, secret: JAAS_SECRET, createdAtMs: NOW_MS },
}

/** A server with a feed of one JaaS app. */
export async function jaasServer(
  t: TestContext,
  settings: Partial<Record<SettingName, string>> = {},
): Promise<TestServer> {
  return await testServer(t, settings, [JAAS_FEED])
}

/** How a request differs from one of a JaaS that has the secret. */
interface Sent {
  /** The signature header instead of the right one; null for none. */
  readonly signature?: string | null
  readonly secret?: string
}

/** Posts a webhook, signed as 8x8 documents it. A text is posted as it is. */
export async function postJaas(server: TestServer, payload: object | string, sent: Sent = {}) {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const signedSec = Math.floor(server.clock.nowMs / 1000)
  const { secret = JAAS_SECRET, signature = `t=${signedSec},v1=${v1Of(signedSec, body, secret)}` } = sent
  return await server.app.inject({
    ...{ method: 'POST', url: '/feeds/jaas', body },
    headers: {
      'content-type': 'application/json',
      ...(signature === null ? {} : { 'x-jaas-signature': signature }),
    },
  })
}

/** The signature of a body at a moment in unix seconds: the HMAC-SHA256 of both, in base64. */
export function v1Of(signedSec: number, body: string, secret = JAAS_SECRET): string {
  return createHmac('sha256', secret).update(`${signedSec}.${body}`).digest('base64')
}

/** Posts webhooks one after another. Each must be accepted. */
export async function tellJaas(server: TestServer, ...payloads: readonly object[]): Promise<void> {
  for (const payload of payloads) await taken(postJaas(server, payload))
}

/** When the stories begin, in unix milliseconds. */
export const START_MS = NOW_MS - 3_600_000

export interface JaasPayload {
  readonly idempotencyKey: string
  readonly eventType: string
  readonly timestamp: number
  readonly [member: string]: unknown
}

/** One session of a room, or a breakout of it. Each call makes a webhook; moments are milliseconds after START_MS. */
export function jaasSession(sessionId: string, breakoutRoomId?: string) {
  const breakout = breakoutRoomId === undefined ? {} : { isBreakout: true, breakoutRoomId }
  const envelope = (eventType: string, atMs: number, data: object): JaasPayload => ({
    idempotencyKey: keyOf([sessionId, breakoutRoomId, eventType, atMs, data]),
    ...{ customerId: 'c2824d584eac4489a1e32e4e164d5a3c', appId: APP_ID, eventType, sessionId },
    ...{ timestamp: START_MS + atMs, fqn: `${APP_ID}/standup`, data: { ...data, ...breakout } },
  })
  const person = (name: string) => ({
    ...{ moderator: 'true', name, email: `${name}@acme.test`, id: `${name}-id`, group: APP_ID },
    ...{ participantJid: `${name}-jid@stage.8x8.vc`, participantId: name, avatar: 'https://acme.test/face' },
  })
  return {
    created: (atMs: number) => envelope('ROOM_CREATED', atMs, { conference: 'standup@conference' }),
    destroyed: (atMs: number) => envelope('ROOM_DESTROYED', atMs, { conference: 'standup@conference' }),
    joined: (name: string, atMs: number, more: object = {}) =>
      envelope('PARTICIPANT_JOINED', atMs, { ...person(name), ...more }),
    left: (name: string, atMs: number, disconnectReason = 'left', more: object = {}) =>
      envelope('PARTICIPANT_LEFT', atMs, { ...person(name), disconnectReason, ...more }),
    told: (eventType: string, name: string, atMs: number) => envelope(eventType, atMs, person(name)),
    callStarted: (name: string, atMs: number) =>
      envelope('DIAL_IN_STARTED', atMs, {
        direction: 'in',
        nick: name,
        participantJid: `${name}-jid@8x8.vc`,
      }),
    callEnded: (name: string, atMs: number) =>
      envelope('DIAL_IN_ENDED', atMs, { participantJid: `${name}-jid@8x8.vc` }),
    /** A webhook with this data. */
    sent: envelope,
  }
}

function keyOf(facts: unknown): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)
}

import { createHash } from 'node:crypto'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { signWebhook } from '../../src/demo/livekit-webhook.ts'
import { LIVEKIT_KEY } from '../crash/rollcall-server.ts'
import { v1Of } from '../feeds/jaas/webhooks.ts'
import { basic, FEED_KEY, TWILIO_TOKEN } from '../support/test-server.ts'
import { JANUS, PUBLIC_URL } from './serve-over.ts'

/** One delivery of a vendor. It can be sent again. */
export interface Letter {
  readonly path: string
  readonly body: string
  /** The headers, signed at a moment in unix milliseconds. */
  readonly headersAt: (nowMs: number) => Headers | Promise<Headers>
}

type Headers = Readonly<Record<string, string>>

/** The answer to a delivery. */
export interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  readonly text: string
}

/** Sends a letter. Resolves to undefined if the connection was cut instead of an answer. */
export async function send(url: string, { path, body, headersAt }: Letter): Promise<Answer | undefined> {
  try {
    const headers = await headersAt(Date.now())
    const response = await fetch(url + path, { method: 'POST', headers, body })
    const text = await response.text()
    return { status: response.status, retryAfter: response.headers.get('retry-after'), text }
  } catch {
    return undefined
  }
}

export function livekitLetter(payload: unknown): Letter {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const headersAt = async (nowMs: number) => ({
    'content-type': 'application/webhook+json',
    authorization: await signWebhook({ ...LIVEKIT_KEY, body, nowMs }),
  })
  return { path: '/feeds/livekit', body, headersAt }
}

export function twilioLetter(params: Readonly<Record<string, string>>): Letter {
  const path = '/feeds/twilio'
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-twilio-signature': getExpectedTwilioSignature(TWILIO_TOKEN, PUBLIC_URL + path, params),
  }
  return { path, body: new URLSearchParams(params).toString(), headersAt: () => headers }
}

/** A batch of Twilio's Event Streams. The URL that is signed contains the hash of the body. */
export function twilioStreamLetter(summaries: readonly object[]): Letter {
  const body = JSON.stringify(summaries)
  const path = `/feeds/twilio?bodySHA256=${createHash('sha256').update(body).digest('hex')}`
  const headers = {
    'content-type': 'application/json',
    'x-twilio-signature': getExpectedTwilioSignature(TWILIO_TOKEN, PUBLIC_URL + path, {}),
  }
  return { path, body, headersAt: () => headers }
}

export function eventsLetter(events: unknown): Letter {
  const headers = { 'content-type': 'application/cloudevents+json', authorization: `Bearer ${FEED_KEY}` }
  return { path: '/feeds/events', body: JSON.stringify(events), headersAt: () => headers }
}

export function jaasLetter(payload: unknown): Letter {
  const body = JSON.stringify(payload)
  const headersAt = (nowMs: number) => {
    const signedSec = Math.floor(nowMs / 1000)
    const signature = `t=${signedSec},v1=${v1Of(signedSec, body)}`
    return { 'content-type': 'application/json', 'x-jaas-signature': signature }
  }
  return { path: '/feeds/jaas', body, headersAt }
}

export function janusLetter(events: unknown): Letter {
  const headers = { 'content-type': 'application/json', ...basic(JANUS.user, JANUS.password) }
  return { path: '/feeds/janus', body: JSON.stringify(events), headersAt: () => headers }
}

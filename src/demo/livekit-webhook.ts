import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'

/**
 * The `Authorization` value of a LiveKit webhook: a bare JWT that is signed with HS256 and holds the SHA-256 of the
 * body. Source: livekit/protocol `webhook/url_notifier.go`.
 */
export async function signWebhook(args: {
  apiKey: string
  apiSecret: string
  body: string
  nowMs: number
}): Promise<string> {
  const nowSec = Math.floor(args.nowMs / 1000)
  return await new SignJWT({ sha256: createHash('sha256').update(args.body).digest('base64') })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(args.apiKey)
    .setNotBefore(nowSec)
    .setExpirationTime(nowSec + 300)
    .sign(new TextEncoder().encode(args.apiSecret))
}

/** Signs a webhook and delivers it to /feeds/livekit as a LiveKit server does. */
export async function postWebhook(args: {
  baseUrl: string
  apiKey: string
  apiSecret: string
  payload: unknown
  nowMs: number
}): Promise<Response> {
  const body = JSON.stringify(args.payload)
  const { apiKey, apiSecret, nowMs } = args
  return await fetch(new URL('/feeds/livekit', args.baseUrl), {
    method: 'POST',
    headers: {
      'content-type': 'application/webhook+json',
      'user-agent': 'LiveKit',
      authorization: await signWebhook({ apiKey, apiSecret, body, nowMs }),
    },
    body,
  })
}

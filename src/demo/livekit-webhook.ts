import { createHash } from 'node:crypto'
import { signLivekitToken } from '../feeds/livekit/token.ts'

/** The `Authorization` value of a LiveKit webhook: a bare HS256 JWT over the exact bytes of the body. */
export function signWebhook(args: {
  apiKey: string
  apiSecret: string
  body: string
  nowMs: number
}): string {
  const nowSec = Math.floor(args.nowMs / 1000)
  const claims = {
    iss: args.apiKey,
    nbf: nowSec,
    exp: nowSec + 300,
    sha256: createHash('sha256').update(args.body).digest('base64'),
  }
  return signLivekitToken(claims, args.apiSecret)
}

/** Signs a payload and delivers it to /feeds/livekit as a LiveKit server does. */
export function postWebhook(args: {
  baseUrl: string
  apiKey: string
  apiSecret: string
  payload: unknown
  nowMs: number
}): Promise<Response> {
  const body = JSON.stringify(args.payload)
  const { apiKey, apiSecret, nowMs } = args
  return fetch(new URL('/feeds/livekit', args.baseUrl), {
    method: 'POST',
    headers: {
      'content-type': 'application/webhook+json',
      'user-agent': 'LiveKit',
      authorization: signWebhook({ apiKey, apiSecret, body, nowMs }),
    },
    body,
  })
}

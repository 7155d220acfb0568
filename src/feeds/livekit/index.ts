import { createHash, createHmac } from 'node:crypto'
import { type Decoded, type Delivery, type Feed, UnauthenticError } from '../feed.ts'
import { digestOf, intOf, type Json, objectOf, parseJson, textOf, withoutSecrets } from '../json.ts'
import { isSame } from '../signature.ts'
import { eventOf } from './reduce.ts'

const LEEWAY_SEC = 60

/**
 * LiveKit webhooks, and OpenVidu 3, which embeds LiveKit.
 * Source: docs.livekit.io "Webhooks", livekit/protocol `webhook/` and `livekit_webhook.proto`.
 */
export const livekit: Feed = {
  kind: 'livekit',
  path: '/feeds/livekit',
  paths: ['/feeds/livekit'],
  methods: ['POST'],
  summary: 'LiveKit (and OpenVidu 3) webhooks, signed with a LiveKit API key and secret',

  claim(delivery) {
    const { payload } = parseToken(delivery)
    const issuer = textOf(payload['iss'])
    if (issuer === undefined) throw new UnauthenticError('The token names no API key (iss).')
    return issuer
  },

  verify(delivery, secret, nowMs) {
    const { signed, signature, payload } = parseToken(delivery)
    const expected = createHmac('sha256', secret).update(signed).digest()
    if (!isSame(signature, expected)) {
      throw new UnauthenticError('The token is not signed with the secret of this API key.')
    }
    const nowSec = nowMs / 1000
    const notBeforeSec = intOf(payload['nbf'])
    const expiresSec = intOf(payload['exp'])
    if (notBeforeSec !== undefined && notBeforeSec > nowSec + LEEWAY_SEC) {
      throw new UnauthenticError('The token is not valid yet: compare the clocks of both machines.')
    }
    if (expiresSec === undefined || expiresSec < nowSec - LEEWAY_SEC) {
      throw new UnauthenticError('The token has expired: compare the clocks of both machines.')
    }
    const bodyHash = createHash('sha256').update(delivery.body).digest()
    const claimed = Buffer.from(textOf(payload['sha256']) ?? '', 'base64')
    if (!isSame(claimed, bodyHash)) {
      throw new UnauthenticError(
        'The body is not the one that was signed (sha256): something on the way changed it.',
      )
    }
  },

  decode(delivery, { accountSid }): Decoded {
    const body = parseJson(delivery.body)
    const payload = objectOf(body)
    const native = withoutSecrets(body)
    const key = textOf(payload?.['id']) ?? digestOf(delivery.body)
    const event = payload && eventOf(payload, key, accountSid)
    if (event !== undefined) return { events: [{ event, native }], kept: [] }
    const name = textOf(payload?.['event']) ?? 'without a name'
    return {
      events: [],
      kept: [{ payloadKey: key, reason: `LiveKit event ${name} names no room or no moment`, native }],
    }
  },

  // LiveKit obeys Retry-After on a 503 and holds the room's queue meanwhile; what waited 30 s is dropped.
  // Nothing is heard of who sits still: the server's own list decides.
  silenceLimitMs: undefined,
  whenUnavailable: { 'retry-after': '1' },
}

interface Token {
  signed: string
  signature: Buffer
  payload: Json
}

/** LiveKit sends the JWT bare; `Bearer ` in front is what proxies and scripts add. */
function parseToken({ headers }: Delivery): Token {
  const token = (headers['authorization'] ?? '').replace(/^Bearer\s+/i, '')
  const [head, body, signature, ...rest] = token.split('.')
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) {
    throw new UnauthenticError('The Authorization header holds no JWT.')
  }
  const header = decodePart(head)
  const payload = decodePart(body)
  if (header?.['alg'] !== 'HS256' || payload === undefined) {
    throw new UnauthenticError('The Authorization header holds no JWT signed with HS256.')
  }
  return { signed: `${head}.${body}`, signature: Buffer.from(signature, 'base64url'), payload }
}

function decodePart(part: string): Json | undefined {
  try {
    return objectOf(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))
  } catch {
    return undefined
  }
}

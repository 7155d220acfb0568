import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Delivery } from '../feed.ts'
import { UnauthenticError } from '../feed-errors.ts'
import { textOf } from '../json.ts'
import { isSame } from '../signature.ts'
import { IS_OPENVIDU_2, isOfOpenVidu2 } from './openvidu-2.ts'

/** The clock of the LiveKit server may differ from ours by this much. */
const LEEWAY_SEC = 60

/** The API key that the token of a webhook names (`iss`). Throws UnauthenticError if there is none. */
export function issuerOf(delivery: Delivery): string {
  const { claims } = readToken(delivery)
  const issuer = textOf(claims.iss)
  if (issuer === undefined) throw new UnauthenticError('The token names no API key (iss).')
  return issuer
}

/**
 * Throws UnauthenticError unless the webhook carries a valid JWT that is signed with this API secret (HS256) and holds
 * the SHA-256 of the body as `sha256`. Source: docs.livekit.io "Webhooks", livekit/protocol `webhook/verifier.go`.
 */
export async function verifyWebhook(delivery: Delivery, secret: string, nowMs: number): Promise<void> {
  const stated = await verifyToken(delivery, secret, nowMs)
  const expected = createHash('sha256').update(delivery.body).digest()
  if (!isSame(stated, expected)) {
    throw new UnauthenticError(
      'The body is not the one that was signed (sha256): something on the way changed it.',
    )
  }
}

/**
 * The SHA-256 that the token of a webhook states for the body. Throws UnauthenticError unless the token is valid and
 * signed with this API secret, and if it states none, as the tokens of participants do.
 */
export async function verifyToken(head: Delivery, secret: string, nowMs: number): Promise<Buffer> {
  const { token } = readToken(head)
  const claims = await verifiedClaims(token, secret, nowMs)
  const stated = textOf(claims['sha256'])
  if (stated === undefined) throw new UnauthenticError('The token states no SHA-256 of a body (sha256).')
  return Buffer.from(stated, 'base64')
}

async function verifiedClaims(token: string, secret: string, nowMs: number): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      clockTolerance: LEEWAY_SEC,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp'],
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new UnauthenticError(refusalOf(error))
    throw error
  }
}

function refusalOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return 'The token is not signed with the secret of this API key.'
  }
  const isOfClaim = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed
  if (isOfClaim && error.claim === 'nbf') {
    return 'The token is not valid yet: compare the clocks of both machines.'
  }
  if (isOfClaim && error.claim === 'exp') {
    return 'The token has expired: compare the clocks of both machines.'
  }
  return NOT_HS256
}

const NOT_HS256 = 'The Authorization header holds no JWT signed with HS256.'

/** The token and its claims, not verified. LiveKit sends the token bare; proxies and scripts put `Bearer ` before it. */
function readToken({ headers, body }: Delivery): { token: string; claims: JWTPayload } {
  const token = (headers['authorization'] ?? '').replace(/^Bearer\s+/i, '')
  if (token.split('.').length !== 3) {
    throw new UnauthenticError(isOfOpenVidu2(body) ? IS_OPENVIDU_2 : 'The Authorization header holds no JWT.')
  }
  try {
    const claims = decodeJwt(token)
    if (decodeProtectedHeader(token).alg === 'HS256') return { token, claims }
  } catch {
    // Its header or its claims are no JSON object: the error below says so.
  }
  throw new UnauthenticError(NOT_HS256)
}

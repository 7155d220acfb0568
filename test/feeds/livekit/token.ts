import { createHash, createHmac } from 'node:crypto'
import { LIVEKIT_KEY, LIVEKIT_SECRET, type TestServer } from '../../support/test-server.ts'

/** The `sha256` claim of a body. */
export function sha256Of(body: string): string {
  return createHash('sha256').update(body).digest('base64')
}

/** A JWT with any claims and header, signed with HMAC. A claim that is undefined is left out. */
export function tokenOf(
  claims: object,
  { secret = LIVEKIT_SECRET, header = { alg: 'HS256', typ: 'JWT' }, hash = 'sha256' } = {},
): string {
  const signed = [header, claims]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}

/** The claims that LiveKit signs for a body. */
export function claimsOf(server: TestServer, body: string) {
  const nowSec = Math.floor(server.clock.nowMs / 1000)
  return { iss: LIVEKIT_KEY, nbf: nowSec, iat: nowSec, exp: nowSec + 300, sha256: sha256Of(body) }
}

/** POSTs a body as it is. Without a token there is no Authorization header. */
export async function post(server: TestServer, body: string | Buffer, authorization?: string) {
  return await server.app.inject({
    method: 'POST',
    url: '/feeds/livekit',
    headers: {
      'content-type': 'application/webhook+json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body,
  })
}

/** POSTs a body with a valid token, whatever the body is. */
export async function postSigned(server: TestServer, body: string | Buffer) {
  const sha256 = createHash('sha256').update(body).digest('base64')
  return await post(server, body, tokenOf({ ...claimsOf(server, ''), sha256 }))
}

import { createHmac } from 'node:crypto'

/** A JWT signed with HS256, as LiveKit makes them and takes them (RFC 7519). */
export function signLivekitToken(claims: Readonly<Record<string, unknown>>, secret: string): string {
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

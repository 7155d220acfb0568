import { type Delivery, UnauthenticError } from './feed.ts'
import { digestOf } from './json.ts'

/** What a feed is found by that is proved by a long random key: the hash of it. Throws UnauthenticError. */
export function bearerClaim({ headers }: Delivery): string {
  const key = /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1]
  if (key === undefined) throw new UnauthenticError('No feed key: send Authorization: Bearer <key>.')
  return digestOf(key)
}

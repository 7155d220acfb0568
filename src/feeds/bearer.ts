import type { Delivery } from './feed.ts'
import { UnauthenticError } from './feed-errors.ts'
import { digestOf } from './json.ts'
import type { GeneratedKey } from './keys.ts'

/** The keys of a feed whose senders prove themselves with `Authorization: Bearer <feed key>` (RFC 6750). */
export const bearerKeys: GeneratedKey = {
  made: 'generated',
  authKeyOf: digestOf,
  linesFor: key => [`Feed key ${key}`, `Send     Authorization: Bearer ${key}`],
}

/** The hash of the feed key in the delivery's Authorization header. Throws UnauthenticError if there is none. */
export function bearerAuthKey({ headers }: Delivery): string {
  const key = /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1]
  if (key === undefined) throw new UnauthenticError('No feed key: send Authorization: Bearer <key>.')
  return bearerKeys.authKeyOf(key)
}

import { createHash, timingSafeEqual } from 'node:crypto'
import { ACCOUNT_SID, KEY_SID } from '../sid.ts'
import type { Store } from '../store/store.ts'
import { ApiError } from './errors.ts'

const CHALLENGE = { 'www-authenticate': 'Basic realm="Rollcall"' }
const NO_HASH = '0'.repeat(64)

/**
 * The SID of the account that an Authorization header belongs to: HTTP Basic (RFC 7617) with an account SID and its auth
 * token, or with an API key SID and its secret. Throws ApiError `noCredentials` or `unauthorized`.
 */
export async function authenticate(store: Store, authorization: string | undefined): Promise<string> {
  if (authorization === undefined) throw new ApiError('noCredentials', undefined, CHALLENGE)
  const basic = parseBasic(authorization)
  if (basic === undefined) throw new ApiError('unauthorized', undefined, CHALLENGE)
  const { username, password } = basic
  const known = await findCredential(store, username)
  // Compared also for an unknown user name, so that the time of the answer does not show that it is unknown.
  const matches = timingSafeEqual(
    Buffer.from(hashSecret(password), 'hex'),
    Buffer.from(known?.hash ?? NO_HASH, 'hex'),
  )
  if (known === undefined || !matches) throw new ApiError('unauthorized', undefined, CHALLENGE)
  return known.accountSid
}

/** The account or key that an Authorization header names, whether or not it is known; undefined if it names none. */
export function userOf(authorization: string | undefined): string | undefined {
  return parseBasic(authorization ?? '')?.username
}

/** The form in which a token or secret is kept: hex SHA-256. No slow hash is needed, because all are long and random. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

async function findCredential(store: Store, username: string) {
  if (ACCOUNT_SID.test(username)) {
    const account = await store.accounts.find(username)
    return account && { accountSid: account.accountSid, hash: account.tokenHash }
  }
  if (KEY_SID.test(username)) {
    const key = await store.accounts.findKey(username)
    return key && { accountSid: key.accountSid, hash: key.secretHash }
  }
  return undefined
}

function parseBasic(authorization: string): { username: string; password: string } | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/_=-]+)\s*$/i.exec(authorization)?.[1] ?? ''
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 0) return undefined
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

const ALLOWED_METHODS = 'GET, POST, DELETE, OPTIONS'
const ALLOWED_HEADERS =
  'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Idempotency-Key'
const EXPOSED_HEADERS = 'ETag, Twilio-Request-Id'

/**
 * The five CORS headers of the contract, which stand on every answer. With `*` any page may read without
 * credentials; configured origins are echoed, and the answer varies with them.
 */
export function corsHeaders(origins: readonly string[], origin: string | undefined): Record<string, string> {
  const isOpen = origins.includes('*')
  const allowed = isOpen ? '*' : (origins.find(known => known === origin) ?? origins[0] ?? '')
  return {
    'access-control-allow-origin': allowed,
    'access-control-allow-methods': ALLOWED_METHODS,
    'access-control-allow-headers': ALLOWED_HEADERS,
    'access-control-expose-headers': EXPOSED_HEADERS,
    'access-control-allow-credentials': String(!isOpen),
    ...(isOpen ? {} : { vary: 'Origin' }),
  }
}

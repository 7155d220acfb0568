const ALLOWED_METHODS = 'GET, POST, DELETE, OPTIONS'
const ALLOWED_HEADERS =
  'Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Idempotency-Key'
/** Every header of our own answers that pages may not read by default (Fetch Standard, "CORS-safelisted response-header name"). */
const EXPOSED_HEADERS =
  'Allow, ETag, Retry-After, Twilio-Request-Id, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset'

/**
 * The five CORS headers of every answer, as Twilio's API sends them. With `*` in the settings, pages of every origin may
 * read answers, without credentials. Otherwise the request's own origin is echoed if the settings name it.
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

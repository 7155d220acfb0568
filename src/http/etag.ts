import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/**
 * Gives every successful answer to a GET or HEAD in this scope an ETag, and answers 304 if the client has the same body
 * (RFC 9110, 13.1.2). A stream has no ETag.
 */
export function addEtags(scope: FastifyInstance): void {
  scope.addHook('onSend', async (request, reply, payload) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead || reply.statusCode !== 200 || typeof payload !== 'string') return payload
    // Weak, because the same answer may be compressed or not (RFC 9110, 8.8.1).
    const etag = `W/"${createHash('sha1').update(payload).digest('base64url')}"`
    reply.header('etag', etag)
    if (!isKnown(request.headers['if-none-match'], etag)) return payload
    reply.code(304).removeHeader('content-type')
    // Without a body the answer has no length. To a HEAD, Fastify states that of the body (RFC 9110, 8.6).
    return request.method === 'HEAD' ? payload : null
  })
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const weak = (one: string) => one.trim().replace(/^W\//, '')
  const candidates = ifNoneMatch.split(',').map(weak)
  return candidates.includes('*') || candidates.includes(weak(etag))
}

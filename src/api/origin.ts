import type { FastifyRequest } from 'fastify'
import { ApiError } from './errors.ts'

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+$/

/**
 * Scheme, host and prefix that the client used, without a slash at the end: the configured address, or what the
 * request says (through trusted proxies alone: X-Forwarded-Proto, -Host, -Prefix). Throws ApiError `badRequest`.
 */
export function baseUrlOf(request: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
  if (!HOST.test(request.host)) throw new ApiError('badRequest', 'The Host header is not a host name.')
  if (!/^https?$/.test(request.protocol))
    throw new ApiError('badRequest', 'X-Forwarded-Proto is not a scheme.')
  return `${request.protocol}://${request.host}${forwardedPrefix(request)}`
}

function forwardedPrefix(request: FastifyRequest): string {
  // More than one address means that the peer is a trusted proxy.
  const isForwarded = (request.ips?.length ?? 0) > 1
  const prefix = request.headers['x-forwarded-prefix']
  if (!isForwarded || prefix === undefined || prefix === '/') return ''
  const trimmed = String(prefix).replace(/\/$/, '')
  if (!PREFIX.test(trimmed)) throw new ApiError('badRequest', 'X-Forwarded-Prefix is not a path.')
  return trimmed
}

import proxyAddr from '@fastify/proxy-addr'
import type { FastifyRequest } from 'fastify'
import { ApiError } from './errors.ts'

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+$/

/** Whether the peer at an address is a proxy whose X-Forwarded headers count. */
export type TrustProxy = (address: string, hop: number) => boolean

/** Trusts the addresses and networks that are listed, or every peer if `all` is listed. */
export function trustOf(addresses: readonly string[]): TrustProxy {
  return addresses.includes('all') ? () => true : proxyAddr.compile([...addresses])
}

/**
 * Scheme, host and path prefix that the client used, without a slash at the end: the public address in the settings, or
 * else what the request states. X-Forwarded-Proto, -Host and -Prefix count from trusted proxies only. Throws ApiError
 * `badRequest`.
 */
export function baseUrlOf(request: FastifyRequest, publicUrl: string | undefined, trust: TrustProxy): string {
  if (publicUrl !== undefined) return publicUrl
  const origin = `${request.protocol}://${request.host}`
  if (!/^https?$/.test(request.protocol))
    throw new ApiError('badRequest', 'X-Forwarded-Proto is not a scheme.')
  if (!HOST.test(request.host ?? '') || !URL.canParse(origin)) {
    throw new ApiError('badRequest', 'The Host header is not a host name.')
  }
  return origin + forwardedPrefix(request, trust)
}

function forwardedPrefix(request: FastifyRequest, trust: TrustProxy): string {
  const prefix = request.headers['x-forwarded-prefix']
  if (prefix === undefined || prefix === '/' || !trust(request.socket.remoteAddress ?? '', 0)) return ''
  const trimmed = String(prefix).replace(/\/$/, '')
  if (!PREFIX.test(trimmed)) throw new ApiError('badRequest', 'X-Forwarded-Prefix is not a path.')
  return trimmed
}
